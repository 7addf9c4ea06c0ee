//! Handlers tested with a caller of the testkit: no issuer, no token, no filter of the authorizer.

use authz_testkit::caller;
use authz_warp::Authorized;
use warp::{Filter as _, http::StatusCode};

#[derive(serde::Deserialize)]
struct Organization {
    org_id: String,
}

fn organization(caller: &Authorized<Organization>) -> String {
    format!(
        "{} of {}",
        caller.subject().unwrap_or("nobody"),
        caller.claims().org_id
    )
}

#[test]
fn a_handler_is_called_with_a_caller() {
    let caller = caller().subject("auth0|1").claim("org_id", "org_1");
    assert_eq!(organization(&caller.build_as()), "auth0|1 of org_1");
}

#[tokio::test]
async fn a_filter_gives_the_caller_to_a_route() {
    let caller = caller().subject("auth0|1").claim("org_id", "org_1");
    let caller = caller.build_as::<Organization>();
    let route = warp::path!("organization")
        .and(warp::any().map(move || caller.clone()))
        .map(|caller| organization(&caller));
    let answer = warp::test::request()
        .path("/organization")
        .reply(&route)
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.body(), "auth0|1 of org_1");
}
