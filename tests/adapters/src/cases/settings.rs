use std::collections::BTreeSet;

use authz_core::{AuthorizerBuilder, Reason};
use authz_testkit::DevIssuer;
use http::Request;

use crate::{
    App, Setup,
    case::{
        check_all_with, dev_user, get, insufficient_scope, invalid_request, invalid_token,
        no_token, no_token_for,
    },
    log::Log,
};

/// With references, a refused caller can ask for the log event that says why.
pub async fn references<A: App>(app: impl Fn(&Setup) -> A) {
    let issuer = DevIssuer::start().await;
    let setup = Setup::new(&issuer, AuthorizerBuilder::refusal_references);
    let app = app(&setup);
    let log = Log::default();
    let _guard = log.listen();
    let weak = format!("Bearer {}", issuer.token().build());
    let (forged, weak) = ("Bearer forged", &*weak);
    let mut references = BTreeSet::new();
    for (path, authorization, reason) in [
        ("/any", forged, "opaque_token"),
        ("/any", "Basic eDp5", "missing_token"),
        ("/any", "Bearer", "malformed_credentials"),
        ("/optional", forged, "opaque_token"),
        ("/messages", weak, "insufficient_scope"),
        ("/scoped", weak, "insufficient_scope"),
        ("/alone", forged, "opaque_token"),
        ("/alone/scoped", weak, "insufficient_scope"),
    ] {
        let request = Request::get(path).header("authorization", authorization);
        let response = app
            .call(request.body(String::new()).expect("a request"))
            .await;
        let reference = response.headers().get("authz-ref").expect(path);
        let reference = reference.to_str().expect("ASCII").to_owned();
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        assert!(
            reference.len() == 16 && reference.bytes().all(is_hex),
            "{reference}"
        );
        let log = log.text();
        let named = |line: &&str| line.contains(&format!("ref={reference} "));
        let line = log.lines().find(named).expect(path);
        assert!(
            line.contains(&format!("reason=\"{reason}\"")),
            "{path}: {line}"
        );
        assert!(
            references.insert(reference),
            "{path}: the same reference again"
        );
    }
    let request = Request::get("/any").header("authorization", weak);
    let response = app
        .call(request.body(String::new()).expect("a request"))
        .await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("authz-ref"));
}

/// Settings that change how refusals look.
pub async fn settings<A: App>(app: impl Fn(&Setup) -> A) {
    check_all_with(
        &app,
        |builder| builder.unmet_policy_is_unauthorized(),
        |issuer| {
            let weak = issuer.token().build();
            let unauthorized = || insufficient_scope("read:messages").status(401);
            vec![
                get("/messages")
                    .bearer(&weak)
                    .refused("401 for 403", unauthorized()),
                get("/scoped")
                    .bearer(&weak)
                    .refused("401 for 403", unauthorized()),
                get("/alone/scoped")
                    .bearer(&weak)
                    .refused("401 for 403", unauthorized()),
                get("/messages").refused("no token", no_token_for("read:messages")),
                get("/alone/scoped").refused("no token", no_token_for("read:messages")),
            ]
        },
    )
    .await;

    check_all_with(
        &app,
        |builder| builder.problem_details(),
        |issuer| {
            let weak = issuer.token().build();
            let problem = |refusal: crate::case::Refusal| refusal.problem("Unauthorized");
            vec![
                get("/any").refused("no token, as a problem", problem(no_token())),
                get("/any").bearer("forged").refused(
                    "a bad token, as a problem",
                    problem(invalid_token(Reason::OpaqueToken)),
                ),
                get("/any").authorization("Bearer").refused(
                    "malformed, as a problem",
                    invalid_request(Reason::MalformedCredentials).problem("Bad Request"),
                ),
                get("/messages").bearer(&weak).refused(
                    "no scope, as a problem",
                    insufficient_scope("read:messages").problem("Forbidden"),
                ),
                get("/alone/scoped").bearer(&weak).refused(
                    "no scope in an extractor, as a problem",
                    insufficient_scope("read:messages").problem("Forbidden"),
                ),
            ]
        },
    )
    .await;

    check_all_with(
        &app,
        |builder| {
            builder
                .resource("https://api.example/v1")
                .realm("the \"API\"")
        },
        |issuer| {
            let weak = issuer.token().build();
            let described = |refusal: crate::case::Refusal| {
                refusal.realm(r#"the \"API\""#).resource_metadata(
                    "https://api.example/.well-known/oauth-protected-resource/v1",
                )
            };
            let malformed = invalid_request(Reason::MalformedCredentials);
            vec![
                get("/any")
                    .bearer(&weak)
                    .served("no challenge", dev_user(&[])),
                get("/any").refused("no token", described(no_token())),
                get("/any")
                    .authorization("Bearer")
                    .refused("malformed", described(malformed)),
                get("/any")
                    .bearer("forged")
                    .refused("a bad token", described(invalid_token(Reason::OpaqueToken))),
                get("/messages")
                    .bearer(&weak)
                    .refused("no scope", described(insufficient_scope("read:messages"))),
                // What the caller says about the server is not repeated.
                get("/any")
                    .header("host", "evil.example")
                    .header("x-forwarded-host", "evil.example")
                    .refused("another host", described(no_token())),
            ]
        },
    )
    .await;
}
