//! Signed answers (RFC 9701).

use authz_core::{Introspection, Reason};
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use http::header::ACCEPT;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::{
    server::{ENDPOINT, NOW, Server, active, api, client, issuer, opaque},
    support::{AUDIENCE, ISSUER, log::Log},
};

/// A good signed answer.
fn signed(key: &SigningKey, answer: &Value) -> TokenBuilder {
    let claims = json!({
        "iss": ISSUER, "aud": "api", "iat": NOW, "token_introspection": answer,
    });
    TokenBuilder::new(key)
        .typ(Some("token-introspection+jwt"))
        .raw_payload(claims.to_string())
}

fn with(member: &str, value: Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": ["x", "api"], "iat": NOW, "token_introspection": active(),
    });
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(member)),
        value => claims[member] = value,
    }
    claims.to_string()
}

#[tokio::test(start_paused = true)]
async fn only_a_good_signature_of_the_issuer_for_this_api_is_an_answer() {
    let key = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let other = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let unknown = SigningKey::generate(Algorithm::ES256).with_kid("2");
    let rsa = SigningKey::shared(Algorithm::RS256).with_kid("3");
    let good = || signed(&key, &active());
    let bad = Some(Reason::IntrospectionUnavailable);
    let access_token = TokenBuilder::new(&key)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .now(NOW);
    let rows: Vec<(&str, String, Option<Reason>)> = vec![
        ("good", good().build(), None),
        (
            "with the media type",
            good()
                .typ(Some("Application/Token-Introspection+JWT"))
                .build(),
            None,
        ),
        ("with a line break", format!("{}\r\n", good().build()), None),
        ("without kid", good().kid(None::<&str>).build(), None),
        (
            "several audiences",
            good().raw_payload(with("sub", "x".into())).build(),
            None,
        ),
        (
            "not active",
            signed(&key, &json!({"active": false})).build(),
            Some(Reason::InactiveToken),
        ),
        (
            "inner aud",
            signed(&key, &json!({"active": true, "aud": "api"})).build(),
            Some(Reason::WrongAudience),
        ),
        ("plain JSON", active().to_string(), bad),
        ("empty", String::new(), bad),
        ("no typ", good().typ(None::<&str>).build(), bad),
        ("typ JWT", good().typ(Some("JWT")).build(), bad),
        (
            "typ of an access token",
            good().typ(Some("at+jwt")).build(),
            bad,
        ),
        (
            "longer typ",
            good().typ(Some("x/token-introspection+jwt")).build(),
            bad,
        ),
        (
            "alg none",
            good().header("alg", "none").signature([]).build(),
            bad,
        ),
        (
            "alg none, signed",
            good().header("alg", "none").build(),
            bad,
        ),
        (
            "algorithm not accepted",
            signed(&rsa, &active()).build(),
            bad,
        ),
        (
            "algorithm of another key",
            good().header("alg", "ES384").build(),
            bad,
        ),
        ("crit", good().header("crit", json!(["x"])).build(), bad),
        (
            "another key of the same kid",
            signed(&other, &active()).build(),
            bad,
        ),
        ("unknown key", signed(&unknown, &active()).build(), bad),
        ("no signature", good().signature([]).build(), bad),
        (
            "iss of another",
            good()
                .raw_payload(with("iss", "https://evil.example/".into()))
                .build(),
            bad,
        ),
        (
            "no iss",
            good().raw_payload(with("iss", Value::Null)).build(),
            bad,
        ),
        (
            "aud of another",
            good().raw_payload(with("aud", "other-api".into())).build(),
            bad,
        ),
        (
            "aud of the resource",
            good().raw_payload(with("aud", AUDIENCE.into())).build(),
            bad,
        ),
        (
            "no aud",
            good().raw_payload(with("aud", Value::Null)).build(),
            bad,
        ),
        (
            "no iat",
            good().raw_payload(with("iat", Value::Null)).build(),
            bad,
        ),
        (
            "old iat",
            good().raw_payload(with("iat", (NOW - 121).into())).build(),
            bad,
        ),
        (
            "future iat",
            good().raw_payload(with("iat", (NOW + 61).into())).build(),
            bad,
        ),
        (
            "no answer within",
            good()
                .raw_payload(with("token_introspection", Value::Null))
                .build(),
            bad,
        ),
        (
            "text within",
            good()
                .raw_payload(with("token_introspection", "active".into()))
                .build(),
            bad,
        ),
        (
            "active outside",
            good()
                .raw_payload(with("token_introspection", json!({})))
                .build(),
            bad,
        ),
        ("an access token", access_token.build(), bad),
    ];
    for (name, body, expected) in rows {
        let server = Server::new();
        server.publish(&key);
        server.publish(&rsa);
        server.says("t", body);
        let api = api(issuer(&server, opaque().signed()));
        assert_eq!(api.reason("t").await, expected, "{name}");
        let call = server.call(0);
        assert_eq!(call.headers[ACCEPT], "application/token-introspection+jwt");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_wrong_value_of_an_answer() {
    let key = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let good = || signed(&key, &active());
    for (answer, named) in [
        (good().typ(Some("JWT")), r#"its `typ` is "JWT""#),
        (good().header("alg", "none"), r#"its `alg` is "none""#),
        (
            good().raw_payload(with("iss", "https://evil.example/\n".into())),
            r#"its `iss` is "https://evil.example/\n""#,
        ),
        (
            good().raw_payload(with("aud", "other-api".into())),
            r#"its `aud` does not contain "api""#,
        ),
    ] {
        let server = Server::new();
        server.publish(&key);
        server.says("t", answer.build());
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.subscriber(LevelFilter::WARN));
        let reason = api(issuer(&server, opaque().signed())).reason("t").await;
        assert_eq!(reason, Some(Reason::IntrospectionUnavailable));
        drop(guard);
        // The log escapes quotes and backslashes once more.
        let text = log.text().replace(r"\\", r"\").replace(r#"\""#, "\"");
        assert!(text.contains(named), "{named} not in: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_for_an_answer() {
    let (old, new) = ("old", "new");
    let [old, new] = [old, new].map(|kid| SigningKey::generate(Algorithm::ES256).with_kid(kid));
    let server = Server::new();
    server.publish(&old);
    server.says("1", signed(&old, &active()).build());
    server.says("2", signed(&new, &active()).build());
    let api = api(issuer(&server, opaque().signed()));
    assert_eq!(api.reason("1").await, None);
    server.publish(&new);
    assert_eq!(api.reason("2").await, None);
}

/// It is signed by the issuer, and names this API.
#[tokio::test(start_paused = true)]
async fn a_signed_answer_is_not_an_access_token() {
    let key = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let server = Server::new();
    server.publish(&key);
    let api = api(issuer(
        &server,
        Introspection::fallback(client()).endpoint(ENDPOINT),
    ));
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 60, "token_introspection": active(),
    });
    let answer = signed(&key, &active())
        .raw_payload(claims.to_string())
        .build();
    assert_eq!(api.reason(&answer).await, Some(Reason::WrongTokenType));
    assert_eq!(server.calls(), 0);
}
