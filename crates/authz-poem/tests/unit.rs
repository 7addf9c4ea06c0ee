//! Handlers tested with a caller of the testkit: no issuer, no token, no middleware.

use authz_poem::{Authorized, MaybeAuthorized, Scoped, authz_core, required_scope};
use authz_testkit::caller;
use poem::{Endpoint, EndpointExt as _, Request, handler};

required_scope!(ReadMessages = "read:messages");

#[derive(serde::Deserialize)]
struct Organization {
    org_id: String,
}

fn greeting(caller: &Authorized<Organization>) -> String {
    format!(
        "{} of {}",
        caller.subject().unwrap_or("nobody"),
        caller.claims().org_id
    )
}

#[handler]
async fn organization(caller: Authorized<Organization>) -> String {
    greeting(&caller)
}

#[handler]
fn maybe(MaybeAuthorized(caller): MaybeAuthorized) -> String {
    let caller = caller.as_ref().and_then(|it| it.subject());
    caller.unwrap_or("nobody").to_owned()
}

#[handler]
fn messages(_: Scoped<ReadMessages>) {}

async fn answer(endpoint: impl Endpoint) -> (u16, String) {
    let response = endpoint.get_response(Request::default()).await;
    let status = response.status().as_u16();
    (status, response.into_body().into_string().await.unwrap())
}

#[test]
fn a_function_is_called_with_a_caller() {
    let caller = caller().subject("auth0|1").claim("org_id", "org_1");
    let caller = caller.build_as::<Organization>().into();
    assert_eq!(greeting(&caller), "auth0|1 of org_1");
}

#[tokio::test]
async fn extractors_find_the_caller_in_the_request() {
    let caller = caller().subject("auth0|1").claim("org_id", "org_1");
    let typed = caller.clone().admitted_as::<Organization>();
    let (status, text) = answer(organization.data(typed)).await;
    assert_eq!((status, text.as_str()), (200, "auth0|1 of org_1"));
    let (status, text) = answer(maybe.data(caller.clone().admitted())).await;
    assert_eq!((status, text.as_str()), (200, "auth0|1"));

    let reader = caller.clone().scope("read:messages");
    assert_eq!(answer(messages.data(reader.admitted())).await.0, 200);
    assert_eq!(answer(messages.data(caller.admitted())).await.0, 403);
    assert_eq!(answer(organization).await.0, 500);
}

#[test]
fn the_wrapping_comes_off_again() {
    let inner: authz_core::Authorized = Authorized::from(caller().subject("one").build()).into();
    assert_eq!(inner.subject(), Some("one"));
}
