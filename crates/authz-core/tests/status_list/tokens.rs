use authz_core::{BuildErrorKind, Reason, StatusLists, scope};
use serde_json::{Value, json};

use crate::{
    server::{Api, ORIGIN, URI},
    support::{authorizer, issuer},
};

#[tokio::test(start_paused = true)]
async fn only_status_0_is_accepted_and_an_index_beyond_the_end_is_refused() {
    let api = Api::new();
    api.server.serve(api.list(&[0, 1, 2, 3, 0]));
    // The list ends with its last byte.
    let statuses = [
        (0, true),
        (1, false),
        (2, false),
        (3, false),
        (4, true),
        (7, true),
        (8, false),
    ];
    for (index, valid) in statuses {
        let expected = (!valid).then_some(Reason::Revoked);
        let token = api.token(index).build();
        assert_eq!(api.refusal(&token).await, expected, "{index}");
        assert_eq!(api.refusal(&token).await, expected, "{index}, cached");
        let verified = api.authorizer.verify(&token).await;
        assert_eq!(
            verified.err().map(|it| it.reason()),
            expected,
            "{index}, verified"
        );
    }
    let last = api.token(u64::MAX).build();
    assert_eq!(api.refusal(&last).await, Some(Reason::Revoked));
    assert_eq!(api.server.requests(), 1);
    assert_eq!(api.server.state().requests, [URI]);
}

#[tokio::test(start_paused = true)]
async fn the_policy_is_applied_after_the_wait() {
    let api = Api::new();
    api.server.serve(api.list(&[0, 1]));
    let policy = scope("read");
    let token = api.token(0).scope("read").build();
    assert!(api.request_for(&token, &policy).await.is_ok());
    let api = Api::new();
    api.server.serve(api.list(&[0, 1]));
    let token = api.token(0).scope("other").build();
    let unmet = api.request_for(&token, &policy).await.unwrap_err();
    assert_eq!(unmet.reason(), Reason::InsufficientScope);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_the_claim_has_no_status() {
    let api = Api::new();
    let token = api.token(0);
    for token in [
        token.clone().without("status"),
        token.clone().claim("status", Value::Null),
        token
            .clone()
            .claim("status", json!({ "other_mechanism": { "idx": "x" } })),
    ] {
        assert_eq!(api.refusal(&token.build()).await, None);
    }
    assert_eq!(api.server.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_claim_or_another_origin_is_refused_without_a_request() {
    let api = Api::new();
    let list = |idx: Value, uri: Value| json!({ "status_list": { "idx": idx, "uri": uri } });
    for status in [
        json!("x"),
        json!([]),
        json!({ "status_list": {} }),
        json!({ "status_list": "x" }),
        json!({ "status_list": { "idx": 0 } }),
        json!({ "status_list": { "uri": URI } }),
        list(json!(-1), json!(URI)),
        list(json!(1.5), json!(URI)),
        list(json!("1"), json!(URI)),
        list(json!(0), json!(7)),
        list(json!(0), json!("https://status.example.evil/lists/1")),
        list(json!(0), json!("https://evil.example/lists/1")),
        list(json!(0), json!("https://status.example:444/lists/1")),
        list(json!(0), json!("http://status.example/lists/1")),
        list(json!(0), json!("https://status.example@evil.example/")),
        list(json!(0), json!("https://user@status.example/lists/1")),
        list(json!(0), json!("/lists/1")),
        list(json!(0), json!("file:///etc/passwd")),
        list(json!(0), json!("http://169.254.169.254/latest/meta-data")),
    ] {
        let token = api.token(0).claim("status", status.clone()).build();
        assert_eq!(
            api.refusal(&token).await,
            Some(Reason::MalformedClaims),
            "{status}"
        );
    }
    assert_eq!(api.server.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_would_be_refused_anyway_causes_no_request() {
    let api = Api::new();
    let other = crate::support::key();
    for (token, reason) in [
        (api.token(0).expires_in(-3600), Reason::Expired),
        (api.token(0).audience("other"), Reason::WrongAudience),
        (api.token(0).signed_by(&other), Reason::InvalidSignature),
        (
            api.token(0).typ(Some("statuslist+jwt")),
            Reason::WrongTokenType,
        ),
    ] {
        assert_eq!(api.refusal(&token.build()).await, Some(reason));
    }
    assert_eq!(api.server.requests(), 0);
}

#[test]
fn the_origin_must_be_an_https_origin() {
    for (origin, valid) in [
        (ORIGIN, true),
        ("https://status.example/", true),
        ("http://127.0.0.1:3000", true),
        ("https://status.example/lists", false),
        ("https://user@status.example", false),
        ("https://status.example?a", false),
        ("http://status.example", false),
        ("status.example", false),
        ("", false),
    ] {
        let keys = authz_core::jwks::SharedSecret::hs256([7; 32]).unwrap();
        let built = authorizer()
            .issuer(issuer().keys(keys))
            .status_lists(StatusLists::at_origin(origin))
            .build();
        let error = built.err().map(|it| it.kind());
        let expected = (!valid).then_some(BuildErrorKind::InvalidSetting);
        assert_eq!(error, expected, "{origin}");
    }
}
