//! Handlers tested with a caller of the testkit: no issuer, no token, no layer.

use authz_axum::{Authorized, Scoped, authz_core, required_scope};
use authz_testkit::caller;
use axum::{Router, body::Body, http::Request, routing::get};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

required_scope!(ReadMessages = "read:messages");

#[derive(serde::Deserialize)]
struct Organization {
    org_id: String,
}

async fn organization(caller: Authorized<Organization>) -> String {
    format!(
        "{} of {}",
        caller.subject().unwrap_or("nobody"),
        caller.claims().org_id
    )
}

async fn messages(caller: Scoped<ReadMessages>) -> String {
    caller.subject().unwrap_or("nobody").to_owned()
}

#[tokio::test]
async fn a_handler_is_called_with_a_caller() {
    let caller = caller().subject("auth0|1").claim("org_id", "org_1");
    let answer = organization(caller.build_as::<Organization>().into()).await;
    assert_eq!(answer, "auth0|1 of org_1");
}

#[tokio::test]
async fn extractors_find_the_caller_in_the_request() {
    let caller = caller().subject("auth0|1").claim("org_id", "org_1");
    let typed = caller.clone().admitted_as::<Organization>();
    let (status, text) = answer("/organization", typed).await;
    assert_eq!((status, text.as_str()), (200, "auth0|1 of org_1"));
    assert_eq!(answer("/organization", ()).await.0, 500);

    let reader = caller.clone().scope("read:messages");
    let (status, text) = answer("/messages", reader.admitted()).await;
    assert_eq!((status, text.as_str()), (200, "auth0|1"));
    assert_eq!(answer("/messages", caller.admitted()).await.0, 403);
}

/// The answer to a request that has `extension`, of a router without a layer.
async fn answer<T: Clone + Send + Sync + 'static>(path: &str, extension: T) -> (u16, String) {
    let app = Router::new()
        .route("/organization", get(organization))
        .route("/messages", get(messages));
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(extension);
    let answer = app.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn the_wrapping_comes_off_again() {
    let inner: authz_core::Authorized = Authorized::from(caller().subject("one").build()).into();
    assert_eq!(inner.subject(), Some("one"));
}
