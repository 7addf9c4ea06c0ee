//! Numbers of every form in a token: what is decided does not depend on which features another crate
//! in the build turns on in serde_json. `cargo xtask test-all` runs this with them and without.

mod support;

use authz_core::{Policy, Reason, RequestParts, jwks::StaticKeys};
use authz_testkit::{SigningKey, TokenBuilder};
use support::{AUDIENCE, ISSUER, builder, key, token};

fn authorizer(key: &SigningKey) -> authz_core::Authorizer {
    let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let keys = StaticKeys::from_jwks(set.as_bytes()).unwrap();
    builder(keys).build().unwrap()
}

/// A token with `more` in its payload.
fn with(key: &SigningKey, times: &str, more: &str) -> TokenBuilder {
    let payload = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}",{times}{more}}}"#);
    token(key).raw_payload(payload)
}

const GOOD: &str = r#""exp":4102444800"#;

async fn reason(authorizer: &authz_core::Authorizer, token: &TokenBuilder) -> Option<Reason> {
    let outcome = authorizer.verify(&token.clone().build()).await;
    outcome.err().map(|rejection| rejection.reason())
}

#[tokio::test]
async fn a_claim_may_be_any_number() {
    let key = key();
    let authorizer = authorizer(&key);
    for number in [
        "0",
        "-0",
        "-0.0",
        "37.5",
        "1e3",
        "1E+3",
        "-1.5e-7",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "1e308",
        "1e-999",
        "0e999",
        "3.14159265358979323846264338327950288419716939937510",
    ] {
        for value in [
            number.to_owned(),
            format!("[{number}]"),
            format!(r#"{{"a":{number},"b":[[{number}]]}}"#),
        ] {
            for name in ["n", "permissions", "cfg", "\\u006e"] {
                let token = with(&key, GOOD, &format!(r#","{name}":{value},"m":{number}"#));
                assert_eq!(reason(&authorizer, &token).await, None, "{name}: {value}");
            }
            let header = format!(
                r#"{{"alg":"ES256","kid":"{}","n":{value}}}"#,
                key.kid().unwrap()
            );
            let token = with(&key, GOOD, "").raw_header(header);
            assert_eq!(reason(&authorizer, &token).await, None, "header: {value}");
        }
    }
}

#[tokio::test]
async fn what_is_no_number_is_none_under_any_feature() {
    let key = key();
    let authorizer = authorizer(&key);
    for value in [
        "1e999",
        "-1e999",
        "01",
        "1.",
        ".5",
        "+1",
        "NaN",
        "0x1",
        // How serde_json passes numbers and texts around within itself.
        r#"{"$serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::Number":1}"#,
        r#"{"\u0024serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::Number":"\u0031"}"#,
        r#"{"$serde_json::private::RawValue":"{\"a\":1}"}"#,
        r#"{"a":1,"$serde_json::private::Number":"1"}"#,
    ] {
        for value in [
            value.to_owned(),
            format!("[{value}]"),
            format!(r#"{{"a":{value}}}"#),
        ] {
            for name in ["n", "permissions"] {
                let token = with(&key, GOOD, &format!(r#","{name}":{value}"#));
                let refused = Some(Reason::MalformedClaims);
                assert_eq!(
                    reason(&authorizer, &token).await,
                    refused,
                    "{name}: {value}"
                );
            }
            let header = format!(r#"{{"alg":"ES256","n":{value}}}"#);
            let token = with(&key, GOOD, "").raw_header(header);
            let refused = Some(Reason::MalformedHeader);
            assert_eq!(
                reason(&authorizer, &token).await,
                refused,
                "header: {value}"
            );
        }
    }
}

#[tokio::test]
async fn times_may_have_fractions_and_exponents() {
    let key = key();
    let authorizer = authorizer(&key);
    for (times, refused) in [
        (r#""exp":4102444800.5,"nbf":1.5,"iat":1e9"#, None),
        (r#""exp":4.1024448e9,"nbf":-0,"iat":0.0"#, None),
        (r#""exp":1.5e9"#, Some(Reason::Expired)),
        (r#""exp":4102444800,"nbf":4.1e9"#, Some(Reason::NotYetValid)),
        (
            r#""exp":4102444800,"iat":4.1e9"#,
            Some(Reason::IssuedInFuture),
        ),
        (
            r#""exp":18446744073709551616"#,
            Some(Reason::MalformedClaims),
        ),
        (r#""exp":1e300"#, Some(Reason::MalformedClaims)),
        (r#""exp":-1"#, Some(Reason::MalformedClaims)),
        (r#""exp":"4102444800""#, Some(Reason::MalformedClaims)),
        (
            r#""exp":4102444800,"nbf":null"#,
            Some(Reason::MalformedClaims),
        ),
        (r#""exp":null"#, Some(Reason::MalformedClaims)),
    ] {
        let token = with(&key, times, "");
        assert_eq!(reason(&authorizer, &token).await, refused, "{times}");
    }
}

#[tokio::test]
async fn policies_compare_numbers_by_their_value() {
    let key = key();
    let authorizer = authorizer(&key);
    for (number, policy, allowed) in [
        ("42", r#"claim("n") == 42"#, true),
        ("42.0", r#"claim("n") == 42"#, true),
        ("4.2e1", r#"claim("n") == 42"#, true),
        ("420e-1", r#"claim("n") == 42"#, true),
        ("42.5", r#"claim("n") == 42"#, false),
        ("42.5", r#"claim("n") != 42"#, true),
        ("43", r#"claim("n") == 42"#, false),
        ("\"42\"", r#"claim("n") == 42"#, false),
        ("-0", r#"claim("n") == 0"#, true),
        ("18446744073709551616", r#"claim("n") == 42"#, false),
        ("18446744073709551616", r#"claim("n") != 42"#, false),
        ("[1e1, 42.0]", r#"claim("n") contains 42"#, true),
        ("[1e1, 42.0]", r#"claim("n") contains claim("m")"#, true),
        ("4.2e1", r#"claim("n") == claim("m")"#, true),
        ("42.5", r#"claim("n") == claim("m")"#, false),
        ("4.2e1", r#"claim("n") == query("n")"#, true),
    ] {
        let token = with(&key, GOOD, &format!(r#","n":{number},"m":42"#)).build();
        let request = http::Request::get("/?n=42")
            .header("authorization", format!("Bearer {token}"))
            .body(())
            .unwrap();
        let decision = authorizer
            .authorize(
                &RequestParts::from(&request),
                &policy.parse::<Policy>().unwrap(),
            )
            .await;
        assert_eq!(decision.is_ok(), allowed, "{number}: {policy}");
    }
}

#[tokio::test]
async fn applications_read_numbers_as_what_they_ask_for() {
    #[derive(serde::Deserialize)]
    struct Mine {
        n: f64,
        i: u32,
        any: serde_json::Value,
        maybe: Option<f32>,
    }
    let key = key();
    let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let keys = StaticKeys::from_jwks(set.as_bytes()).unwrap();
    let authorizer = builder(keys).claims::<Mine>().build().unwrap();
    let token = with(&key, GOOD, r#","n":1e3,"i":7,"any":[37.5],"maybe":0.5"#);
    let caller = authorizer.verify(&token.build()).await.unwrap();
    let mine = caller.claims();
    assert_eq!((mine.n, mine.i, mine.maybe), (1000.0, 7, Some(0.5)));
    assert_eq!(mine.any[0].as_f64(), Some(37.5));
}
