//! Callers for unit tests of handlers.

use authz_core::{Admitted, Algorithm, Authorized, Claims, RequestParts, permission, scope};
use authz_testkit::caller;
use serde_json::json;

#[derive(Debug, serde::Deserialize)]
struct Organization {
    org_id: String,
}

#[test]
fn a_caller_has_the_claims_that_were_set() {
    let caller = caller()
        .issuer("https://login.example/")
        .audience(vec!["https://api.example", "https://other.example"])
        .subject("auth0|1")
        .client_id("spa")
        .scope("read:messages write:messages")
        .permissions(["read:admin"])
        .claim("org_id", "org_1")
        .build();
    assert_eq!(caller.issuer(), "https://login.example/");
    assert!(
        caller
            .audiences()
            .eq(["https://api.example", "https://other.example"])
    );
    assert_eq!(caller.subject(), Some("auth0|1"));
    assert_eq!(caller.client_id(), Some("spa"));
    assert!(caller.scopes().contains("write:messages"));
    assert!(caller.permissions().contains("read:admin"));
    assert_eq!(caller.claims()["org_id"], "org_1");
    assert_eq!(caller.algorithm(), Some(Algorithm::HS256));
}

#[test]
fn a_caller_has_no_scopes_unless_asked() {
    let caller = caller().build();
    assert_eq!(caller.subject(), Some("dev-user"));
    assert_eq!(caller.scopes().iter().count(), 0);
}

#[test]
fn the_later_call_wins() {
    let caller = caller()
        .scope("read:messages")
        .scope("write:messages")
        .without("sub")
        .build();
    assert!(!caller.scopes().contains("read:messages"));
    assert_eq!(caller.subject(), None);
}

#[test]
fn typed_claims_are_deserialized() {
    let caller: Authorized<Organization> = caller().claim("org_id", "org_1").build_as();
    assert_eq!(caller.claims().org_id, "org_1");
}

#[test]
#[should_panic(expected = "missing field `org_id`")]
fn claims_of_another_type_are_named() {
    let _ = caller().build_as::<Organization>();
}

#[test]
#[should_panic(expected = "no authorizer can accept these claims: ")]
fn an_expired_caller_does_not_exist() {
    let _ = caller().claim("exp", 1).build();
}

#[test]
#[should_panic(expected = "`aud` is a string or an array of strings")]
fn a_caller_without_an_audience_does_not_exist() {
    let _ = caller().claim("aud", json!([7])).build();
}

#[test]
fn a_caller_is_held_to_policies() {
    let caller = caller().scope("read:messages").build();
    assert!(caller.check(&scope("read:messages")).is_ok());
    assert!(caller.check(&permission("delete:messages")).is_err());
}

#[test]
fn a_request_can_carry_the_caller_to_extractors() {
    let mut request = http::Request::new(());
    let admitted = caller()
        .claim("org_id", "org_1")
        .admitted_as::<Organization>();
    request.extensions_mut().insert(admitted);
    let found = Admitted::<Organization>::find::<()>(request.extensions(), "/").unwrap();
    assert_eq!(
        found
            .require(&RequestParts::from(&request))
            .unwrap()
            .claims()
            .org_id,
        "org_1"
    );
    assert!(Admitted::<Claims>::find::<()>(request.extensions(), "/").is_err());
}
