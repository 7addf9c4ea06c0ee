use authz_core::{Reason, jwks::StaticKeys};
use authz_testkit::TokenBuilder;
use serde_json::json;

use crate::{
    server::{Api, NOW, URI, encode, issuer},
    support::key,
};

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_a_rule_is_503() {
    let valid = |api: &Api| api.list(&[0, 0, 0, 0]);
    let bits = |api: &Api, bits: u64| api.list_of(&json!({ "bits": bits, "lst": encode(&[0; 4]) }));
    type Change = Box<dyn Fn(&Api) -> TokenBuilder>;
    let bad: [(&str, Change); 18] = [
        ("no typ", Box::new(move |api| valid(api).typ(None))),
        (
            "an access token's typ",
            Box::new(move |api| valid(api).typ(Some("at+jwt"))),
        ),
        (
            "another sub",
            Box::new(move |api| valid(api).subject(format!("{URI}0"))),
        ),
        ("no sub", Box::new(move |api| valid(api).without("sub"))),
        (
            "another iss",
            Box::new(move |api| valid(api).issuer("https://other.example")),
        ),
        (
            "another key",
            Box::new(move |api| valid(api).signed_by(&key())),
        ),
        (
            "an unknown key",
            Box::new(move |api| valid(api).key(&key().with_kid("x"))),
        ),
        (
            "no signature",
            Box::new(move |api| valid(api).header("alg", "none")),
        ),
        (
            "a critical extension",
            Box::new(move |api| valid(api).header("crit", json!(["x"]))),
        ),
        (
            "exp passed",
            Box::new(move |api| valid(api).claim("exp", NOW)),
        ),
        ("ttl zero", Box::new(move |api| valid(api).claim("ttl", 0))),
        (
            "ttl below zero",
            Box::new(move |api| valid(api).claim("ttl", -1)),
        ),
        (
            "another checksum",
            Box::new(move |api| {
                let list = encode(&[0; 4]);
                let other = if list.ends_with('A') { 'E' } else { 'A' };
                let cut = &list[..list.len() - 2];
                api.list_of(&json!({ "bits": 1, "lst": format!("{cut}{other}{other}") }))
            }),
        ),
        ("3 bits", Box::new(move |api| bits(api, 3))),
        (
            "no bits",
            Box::new(move |api| api.list_of(&json!({ "lst": encode(&[0]) }))),
        ),
        (
            "no list",
            Box::new(move |api| valid(api).without("status_list")),
        ),
        (
            "not zlib",
            Box::new(move |api| api.list_of(&json!({ "bits": 1, "lst": "AAAA" }))),
        ),
        (
            "a bomb",
            Box::new(move |api| {
                api.list_of(&json!({ "bits": 1, "lst": encode(&vec![0; (16 << 20) + 1]) }))
            }),
        ),
    ];
    for (name, list) in bad {
        let api = Api::new();
        api.server.serve(list(&api));
        let refusal = api.refusal(&api.token(0).build()).await;
        assert_eq!(refusal, Some(Reason::RevocationsUnavailable), "{name}");
        assert_eq!(api.server.requests(), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_list_may_have_or_lack() {
    let valid = |api: &Api| api.list(&[0, 0, 0, 0]);
    type Change = Box<dyn Fn(&Api) -> TokenBuilder>;
    let good: [(&str, Change); 5] = [
        ("no iss", Box::new(move |api| valid(api).without("iss"))),
        ("no ttl", Box::new(move |api| valid(api).without("ttl"))),
        ("exp", Box::new(move |api| valid(api).claim("exp", NOW + 1))),
        (
            "typ as media type",
            Box::new(move |api| valid(api).typ(Some("application/StatusList+JWT"))),
        ),
        (
            "16 MiB",
            Box::new(move |api| {
                api.list_of(&json!({ "bits": 1, "lst": encode(&vec![0; 16 << 20]) }))
            }),
        ),
    ];
    for (name, list) in good {
        let api = Api::new();
        api.server.serve(list(&api));
        assert_eq!(api.refusal(&api.token(0).build()).await, None, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_signer_is_configured_with_its_keys() {
    let signer = key();
    let keys = json!({ "keys": [signer.public_jwk()] }).to_string();
    let status = "https://status.example";
    let settings = |lists: authz_core::StatusLists| {
        lists.signed_by(status, StaticKeys::from_jwks(keys.as_bytes()).unwrap())
    };
    for (name, list, accepted) in [
        ("the signer", Some(status), true),
        ("without iss", None, true),
        ("the token's issuer", Some(issuer()), false),
    ] {
        let api = Api::with(settings);
        let mut token = api.list(&[0]).key(&signer);
        token = match list {
            Some(iss) => token.issuer(iss),
            None => token.without("iss"),
        };
        api.server.serve(token);
        assert_eq!(
            api.refusal(&api.token(0).build()).await.is_none(),
            accepted,
            "{name}"
        );
    }
    // The keys of the token's issuer don't count then.
    let api = Api::with(settings);
    api.server.serve(api.list(&[0]).issuer(status));
    assert!(api.refusal(&api.token(0).build()).await.is_some());
}
