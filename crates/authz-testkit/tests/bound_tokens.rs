//! Tokens that the token endpoint binds to the client's key (RFC 9449 section 5).

mod support;

use authz_testkit::{Algorithm, DevIssuer, SigningKey, TokenBuilder};
use serde_json::{Value, json};
use support::{client, read};

/// A proof for the token endpoint.
fn proof(issuer: &DevIssuer, key: &SigningKey) -> TokenBuilder {
    key.proof("POST", &issuer.token_endpoint(), "")
        .without("ath")
}

async fn post(issuer: &DevIssuer, proofs: &[String], format: &str) -> (u16, Value) {
    let request = client().post(issuer.token_endpoint()).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "me"),
        ("scope", "read"),
        ("access_token_format", format),
    ]);
    let request = proofs
        .iter()
        .fold(request, |it, proof| it.header("DPoP", proof));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_proof_binds_the_token_to_its_key() {
    let issuer = DevIssuer::start().await;
    for algorithm in Algorithm::ALL
        .into_iter()
        .filter(|it| !it.name().starts_with("HS"))
    {
        let key = SigningKey::shared(algorithm);
        let (status, answer) = post(&issuer, &[proof(&issuer, &key).build()], "jwt").await;
        assert_eq!(status, 200, "{algorithm}: {answer}");
        assert_eq!(answer["token_type"], "DPoP");
        let claims = read(answer["access_token"].as_str().unwrap()).1;
        assert_eq!(
            claims["cnf"],
            json!({ "jkt": key.thumbprint() }),
            "{algorithm}"
        );
    }
    let metadata = issuer.discovery_document();
    let algorithms = metadata["dpop_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert!(algorithms.contains(&json!("ES256")) && !algorithms.contains(&json!("HS256")));
}

#[tokio::test]
async fn an_opaque_token_is_bound_too() {
    let issuer = DevIssuer::start().await;
    let key = SigningKey::shared(Algorithm::ES256);
    let (_, answer) = post(&issuer, &[proof(&issuer, &key).build()], "opaque").await;
    assert_eq!(answer["token_type"], "DPoP");
    let form = [("token", answer["access_token"].as_str().unwrap())];
    let request = client().post(issuer.introspection_endpoint()).form(&form);
    let response = request.basic_auth("api", Some("s")).send().await.unwrap();
    let said: Value = response.json().await.unwrap();
    assert_eq!(said["cnf"], json!({ "jkt": key.thumbprint() }));
    assert_eq!(said["token_type"], "DPoP");
}

#[tokio::test]
async fn a_wrong_proof_gets_no_token() {
    type Change = fn(TokenBuilder) -> TokenBuilder;
    let cases: [(&str, Change, &str); 13] = [
        ("another typ", |it| it.typ(Some("jwt")), "typ"),
        ("another method", |it| it.claim("htm", "GET"), "htm"),
        (
            "a method in lower case",
            |it| it.claim("htm", "post"),
            "htm",
        ),
        (
            "another address",
            |it| it.claim("htu", "https://login.example/oauth/token"),
            "htu",
        ),
        ("no address", |it| it.without("htu"), "htu"),
        ("an old one", |it| it.claim("iat", 1_000_000_000), "iat"),
        ("no time", |it| it.without("iat"), "iat"),
        ("no jti", |it| it.without("jti"), "jti"),
        ("no key", |it| it.header("jwk", Value::Null), "jwk"),
        (
            "a secret key",
            |it| it.header("jwk", json!({ "kty": "oct", "k": "AAAA" })),
            "private members",
        ),
        (
            "another key",
            |it| {
                let other = SigningKey::generate(Algorithm::ES256).public_jwk();
                it.header("jwk", other)
            },
            "signature",
        ),
        (
            "another algorithm",
            |it| it.header("alg", "ES384"),
            "signature",
        ),
        ("no algorithm", |it| it.header("alg", "none"), "signature"),
    ];
    let issuer = DevIssuer::start().await;
    let key = SigningKey::shared(Algorithm::ES256);
    let refused = async |name: &str, proofs: &[String], expected: &str| {
        let (status, answer) = post(&issuer, proofs, "jwt").await;
        assert_eq!(status, 400, "{name}: {answer}");
        assert_eq!(answer["error"], "invalid_dpop_proof", "{name}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.contains(expected), "{name}: {description}");
    };
    for (name, change, expected) in cases {
        refused(name, &[change(proof(&issuer, &key)).build()], expected).await;
    }
    let one = || proof(&issuer, &key).build();
    refused("two proofs", &[one(), one()], "more than one").await;
    refused("no proof", &["x".to_owned()], "not a JWT").await;
    let used = proof(&issuer, &key).build();
    assert_eq!(
        post(&issuer, std::slice::from_ref(&used), "jwt").await.0,
        200
    );
    refused("a used one", &[used], "used before").await;
}

#[tokio::test]
async fn query_and_fragment_of_htu_are_ignored() {
    let issuer = DevIssuer::start().await;
    let key = SigningKey::shared(Algorithm::ES256);
    let htu = format!("{}?a=b#c", issuer.token_endpoint());
    let proof = proof(&issuer, &key).claim("htu", htu).build();
    assert_eq!(post(&issuer, &[proof], "jwt").await.0, 200);
}
