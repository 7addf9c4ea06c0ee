//! Tokens that are right by default, and wrong in exactly the way that was asked for.

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use authz_testkit::{Algorithm, SigningKey, TokenBuilder, TokenStyle};
use serde_json::{Value, json};
use support::{decode, read, verifies};

const NOW: u64 = 1_700_000_000;

fn key() -> SigningKey {
    SigningKey::shared(Algorithm::ES256)
}

fn token() -> TokenBuilder {
    TokenBuilder::new(&key()).now(NOW)
}

fn header(builder: TokenBuilder) -> Value {
    read(&builder.build()).0
}

fn claims(builder: TokenBuilder) -> Value {
    read(&builder.build()).1
}

#[test]
fn the_default_follows_rfc_9068() {
    let built = token().build();
    let (header, claims) = read(&built);
    assert_eq!(
        header,
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": key().kid() })
    );
    // Section 2.2: the required claims.
    for name in ["iss", "aud", "sub", "client_id", "jti"] {
        assert!(claims[name].is_string(), "{name}");
    }
    assert_eq!(claims["iat"], NOW);
    assert_eq!(claims["exp"], NOW + 3600);
    assert_eq!(claims.get("nbf"), None);
    assert_eq!(claims.get("scope"), None);
    assert!(verifies(&built, &key().public_jwk()));
}

#[test]
fn every_algorithm_makes_a_token_that_verifies() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::shared(algorithm);
        let token = TokenBuilder::new(&key).build();
        assert_eq!(read(&token).0["alg"], algorithm.name());
        assert!(verifies(&token, &key.public_jwk()), "{algorithm}");
    }
}

#[test]
fn times_count_from_the_builders_clock() {
    let before = claims(token().expires_in(-60).not_before_in(5).issued_in(-120));
    let after = claims(
        TokenBuilder::new(&key())
            .expires_in(-60)
            .not_before_in(5)
            .issued_in(-120)
            .now(NOW),
    );
    for claims in [before, after] {
        assert_eq!(claims["exp"], NOW - 60);
        assert_eq!(claims["nbf"], NOW + 5);
        assert_eq!(claims["iat"], NOW - 120);
    }
    let system = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let iat = claims(TokenBuilder::new(&key()))["iat"].as_u64().unwrap();
    assert!(iat.abs_diff(system) < 60);
}

#[test]
fn the_later_call_wins() {
    assert_eq!(
        claims(token().claim("exp", "soon").expires_in(1))["exp"],
        NOW + 1
    );
    assert_eq!(
        claims(token().expires_in(1).claim("exp", "soon"))["exp"],
        "soon"
    );
    assert_eq!(claims(token().without("exp")).get("exp"), None);
    assert_eq!(claims(token().without("exp").expires_in(9))["exp"], NOW + 9);
}

#[test]
fn each_claim_is_written_as_given() {
    let claims = claims(
        token()
            .issuer("https://i.example")
            .audience(["a", "b"])
            .subject("s")
            .client_id("c")
            .scope("read write")
            .permissions(["p"])
            .claim("https://example/nested", json!({ "roles": [1, null] })),
    );
    assert_eq!(claims["iss"], "https://i.example");
    assert_eq!(claims["aud"], json!(["a", "b"]));
    assert_eq!(claims["sub"], "s");
    assert_eq!(claims["client_id"], "c");
    assert_eq!(claims["scope"], "read write");
    assert_eq!(claims["permissions"], json!(["p"]));
    assert_eq!(claims["https://example/nested"]["roles"][1], Value::Null);
}

#[test]
fn no_scope_is_no_claim() {
    assert_eq!(claims(token().scope("read").scope("")).get("scope"), None);
}

#[test]
fn headers_are_written_as_given() {
    assert_eq!(
        header(token().header("crit", json!(["b64"])))["crit"],
        json!(["b64"])
    );
    assert_eq!(header(token().header("alg", "none"))["alg"], "none");
    assert_eq!(header(token().without_header("alg")).get("alg"), None);
    assert_eq!(header(token().typ(None)).get("typ"), None);
    assert_eq!(header(token().typ(Some("JWT")))["typ"], "JWT");
    assert_eq!(header(token().kid(None)).get("kid"), None);
    assert_eq!(header(token().kid(Some("other")))["kid"], "other");
    let nameless = TokenBuilder::new(&key().without_kid());
    assert_eq!(header(nameless).get("kid"), None);
}

#[test]
fn auth0_names_the_client_differently() {
    let token = token().client_id("before").auth0_style();
    assert_eq!(header(token.clone())["typ"], "JWT");
    let seen = claims(token.clone());
    assert_eq!(seen["azp"], "before");
    assert_eq!(seen.get("client_id"), None);
    assert_eq!(seen.get("jti"), None);
    assert_eq!(claims(token.clone().client_id("after"))["azp"], "after");

    let back = token.style(TokenStyle::Rfc9068);
    assert_eq!(header(back.clone())["typ"], "at+jwt");
    let seen = claims(back);
    assert_eq!(seen["client_id"], "before");
    assert_eq!(seen.get("azp"), None);
    assert!(seen["jti"].is_string());
}

#[test]
fn a_forgery_names_the_other_key() {
    let forger = SigningKey::generate(Algorithm::ES256);
    let forged = token().signed_by(&forger).build();
    assert_eq!(read(&forged).0["kid"], json!(key().kid()));
    assert!(!verifies(&forged, &key().public_jwk()));
    assert!(verifies(&forged, &forger.public_jwk()));
}

#[test]
fn another_key_says_so() {
    let other = SigningKey::shared(Algorithm::EdDSA);
    let token = token().key(&other).build();
    assert_eq!(read(&token).0["alg"], "EdDSA");
    assert_eq!(read(&token).0["kid"], json!(other.kid()));
    assert!(verifies(&token, &other.public_jwk()));
}

#[test]
fn algorithm_confusion_can_be_forged() {
    let rsa = SigningKey::shared(Algorithm::RS256);
    let hmac = SigningKey::hmac(Algorithm::HS256, rsa.public_pem());
    let token = TokenBuilder::new(&rsa)
        .header("alg", "HS256")
        .signed_by(&hmac)
        .build();
    assert_eq!(read(&token).0["kid"], json!(rsa.kid()));
    assert!(verifies(&token, &hmac.public_jwk()));
}

#[test]
fn raw_parts_stand_byte_for_byte_and_are_signed() {
    let built = token()
        .raw_header(r#"{"alg":"ES256","alg":"none"}"#)
        .raw_payload([0xff, 0x00])
        .build();
    let parts: Vec<_> = built.split('.').collect();
    assert_eq!(decode(parts[0]), br#"{"alg":"ES256","alg":"none"}"#);
    assert_eq!(decode(parts[1]), [0xff, 0x00]);
    assert!(verifies(&built, &key().public_jwk()));

    let payload = String::from_utf8(token().payload_json()).unwrap();
    let twice = payload.replacen('{', r#"{"sub":"admin","#, 1);
    let built = token().raw_payload(twice.clone()).build();
    assert_eq!(decode(built.split('.').nth(1).unwrap()), twice.as_bytes());
}

#[test]
fn a_given_signature_stands_as_it_is() {
    let zeros = token().signature([0; 64]).build();
    assert!(zeros.ends_with(&format!(".{}", "A".repeat(86))));
    assert!(token().signature([]).build().ends_with('.'));
}

#[test]
fn tokens_differ_and_clones_do_not() {
    assert_ne!(claims(token())["jti"], claims(token())["jti"]);
    let builder = token();
    assert_eq!(claims(builder.clone()), claims(builder));
}
