//! Several issuers in one API, and tenants that appear at run time.

mod support;

use std::time::Duration;

use authz_core::{
    Algorithm, BuildErrorKind, Issuer, Reason, Tenants,
    jwks::{RemoteJwks, StaticKeys},
};
use authz_testkit::{SigningKey, TokenBuilder};

const API: &str = "https://api.example";

fn static_keys(key: &SigningKey) -> StaticKeys {
    let jwks = serde_json::json!({"keys": [key.public_jwk()]});
    StaticKeys::from_jwks(jwks.to_string().as_bytes()).unwrap()
}

#[tokio::test]
async fn each_issuer_has_its_own_keys_and_rules() {
    // The same kid at both: the key is looked up only within the issuer.
    let a = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let b = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let authorizer = support::authorizer()
        .issuer(
            Issuer::new("https://a.example")
                .audience("for-a")
                .algorithms([Algorithm::ES256])
                .keys(static_keys(&a)),
        )
        .issuer(
            Issuer::new("https://b.example")
                .audience("for-b")
                .algorithms([Algorithm::ES256])
                .strict_rfc9068()
                .keys(static_keys(&b)),
        )
        .build()
        .unwrap();
    let token = |key: &SigningKey, issuer: &str, audience: &str| {
        TokenBuilder::new(key).issuer(issuer).audience(audience)
    };
    let good_a = token(&a, "https://a.example", "for-a");
    let good_b = token(&b, "https://b.example", "for-b");
    for (name, token, expected) in [
        ("a", good_a.clone(), None),
        ("b", good_b.clone(), None),
        (
            "a by b's key",
            token(&b, "https://a.example", "for-a"),
            Some(Reason::InvalidSignature),
        ),
        (
            "b by a's key",
            token(&a, "https://b.example", "for-b"),
            Some(Reason::InvalidSignature),
        ),
        (
            "a for b's audience",
            token(&a, "https://a.example", "for-b"),
            Some(Reason::WrongAudience),
        ),
        (
            "c",
            token(&a, "https://c.example", "for-a"),
            Some(Reason::WrongIssuer),
        ),
        ("a as JWT", good_a.clone().typ(Some("JWT")), None),
        (
            "b as JWT",
            good_b.clone().typ(Some("JWT")),
            Some(Reason::WrongTokenType),
        ),
        (
            "b without jti",
            good_b.clone().without("jti"),
            Some(Reason::MissingClaim),
        ),
    ] {
        let outcome = authorizer.verify(&token.build()).await;
        assert_eq!(
            outcome.err().map(|rejection| rejection.reason()),
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_algorithm_of_one_issuer_is_none_of_the_other() {
    let (ec, rsa) = (
        SigningKey::shared(Algorithm::ES256),
        SigningKey::shared(Algorithm::RS256),
    );
    let both = static_keys(&ec).and(static_keys(&rsa));
    let authorizer = support::authorizer()
        .issuer(Issuer::new("https://a.example").audience(API).keys(both))
        .issuer(
            Issuer::new("https://b.example")
                .audience(API)
                .algorithms([Algorithm::ES256])
                .keys(static_keys(&ec)),
        )
        .build()
        .unwrap();
    let token = TokenBuilder::new(&ec)
        .issuer("https://a.example")
        .audience(API)
        .build();
    let rejection = authorizer.verify(&token).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::AlgorithmNotAllowed);
}

#[test]
fn mistakes_are_told_when_the_authorizer_is_built() {
    let issuer = || {
        Issuer::new("https://a.example")
            .audience(API)
            .keys(static_keys(&SigningKey::shared(Algorithm::ES256)))
    };
    for (name, builder, message) in [
        ("nothing", support::authorizer(), "no issuer is configured"),
        (
            "no audience",
            support::authorizer().issuer(Issuer::new("https://a.example")),
            "has no audience",
        ),
        (
            "no issuer",
            support::authorizer().issuer(Issuer::new("").audience(API)),
            "no issuer is configured",
        ),
        (
            "empty audience",
            support::authorizer().issuer(Issuer::new("https://a.example").audience("")),
            "empty audience",
        ),
        (
            "no algorithms",
            support::authorizer().issuer(issuer().algorithms([])),
            "empty list of algorithms",
        ),
        (
            "twice",
            support::authorizer().issuer(issuer()).issuer(issuer()),
            "configured twice",
        ),
        (
            "http",
            support::authorizer().issuer(Issuer::new("http://a.example").audience(API)),
            "does not use https",
        ),
        (
            "no url",
            support::authorizer().issuer(Issuer::new("tenant").audience(API)),
            "is not a URL",
        ),
        (
            "http keys",
            support::authorizer().issuer(
                Issuer::new("https://a.example")
                    .audience(API)
                    .jwks_uri("http://a.example/jwks"),
            ),
            "does not use https",
        ),
        (
            "resource",
            support::authorizer().issuer(issuer()).resource("api"),
            "not an absolute",
        ),
        (
            "fragment",
            support::authorizer()
                .issuer(issuer())
                .resource("https://api.example/#x"),
            "not an absolute",
        ),
        (
            "pattern",
            support::authorizer()
                .tenants(Tenants::matching(Issuer::new("https://{a}").audience(API))),
            "not a pattern for tenants",
        ),
        (
            "no tenant audience",
            support::authorizer().tenants(Tenants::matching(Issuer::new("https://{a}.b.example"))),
            "has no audience",
        ),
        (
            "shared keys",
            support::authorizer().tenants(Tenants::matching(
                Issuer::new("https://{a}.b.example")
                    .audience(API)
                    .jwks_uri("https://b.example/jwks"),
            )),
            "keys of one would verify",
        ),
    ] {
        let error = builder.build().expect_err(name).to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
}

#[test]
fn errors_of_the_key_source_name_the_issuer() {
    let error = support::authorizer()
        .issuer(Issuer::new("http://plain.example").audience(API))
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Keys);
    assert_eq!(error.issuer(), Some("http://plain.example"));
    assert!(
        RemoteJwks::at("https://fine.example")
            .timeout(Duration::ZERO)
            .build()
            .is_err()
    );
}

/// What `main() -> Result<(), Box<dyn Error>>` prints.
#[test]
fn debug_of_what_goes_wrong_at_the_start_is_the_message() {
    let build = support::authorizer()
        .issuer(Issuer::new("https://a.example"))
        .build()
        .unwrap_err();
    assert!(
        format!("{build:?}").contains("has no audience: add"),
        "{build:?}"
    );
    let policy = r#"scope("a") and"#.parse::<authz_core::Policy>().unwrap_err();
    assert!(format!("{policy:?}").ends_with('^'), "{policy:?}");
    assert_eq!(format!("{policy:?}"), policy.to_string());
}
