//! The backend that checks signatures is the application's to choose.

mod support;

use authz_core::{
    Algorithm, Authorizer, CryptoBackend, Issuer, Reason,
    jwks::{SharedSecret, StaticKeys},
};
use authz_testkit::{SigningKey, TokenBuilder};
use serde_json::json;

const AUDIENCE: &str = "https://api.example";

fn token(key: &SigningKey) -> String {
    TokenBuilder::new(key)
        .issuer(support::ISSUER)
        .audience(AUDIENCE)
        .build()
}

/// Keys are made before an authorizer has them, and serve whichever backend it uses.
#[tokio::test]
async fn keys_made_before_work_with_every_backend() {
    for algorithm in [
        Algorithm::RS256,
        Algorithm::PS384,
        Algorithm::ES256,
        Algorithm::EdDSA,
        Algorithm::MLDSA44,
        Algorithm::MLDSA65,
        Algorithm::MLDSA87,
        Algorithm::HS256,
    ] {
        let key = SigningKey::shared(algorithm);
        let forged = SigningKey::generate(algorithm);
        for backend in CryptoBackend::available() {
            let issuer = Issuer::new(support::ISSUER)
                .audience(AUDIENCE)
                .algorithms([algorithm]);
            let issuer = match key.secret() {
                Some(secret) => issuer.keys(SharedSecret::hs256(secret).unwrap()),
                None => {
                    let set = json!({ "keys": [key.public_jwk()] }).to_string();
                    issuer.keys(StaticKeys::from_jwks(set.as_bytes()).unwrap())
                }
            };
            let authorizer = Authorizer::builder()
                .crypto_backend(*backend)
                .issuer(issuer);
            let authorizer = authorizer.build().unwrap();
            // Twice: the first parses the key for a backend that did not make it.
            for _ in 0..2 {
                let good = authorizer.verify(&token(&key)).await;
                assert!(good.is_ok(), "{algorithm} by {backend:?}: {good:?}");
                let bad = authorizer.verify(&token(&forged)).await.unwrap_err();
                let reasons = [Reason::InvalidSignature, Reason::UnknownKey];
                assert!(
                    reasons.contains(&bad.reason()),
                    "{algorithm} by {backend:?}: {bad:?}"
                );
            }
        }
    }
}

fn without_a_choice() -> Result<Authorizer, authz_core::BuildError> {
    Authorizer::new(
        Issuer::new(support::ISSUER)
            .audience(AUDIENCE)
            .keys(SharedSecret::hs256([7; 32]).unwrap()),
    )
}

/// Where both are compiled in, because another crate asked for the second one, the default stays.
#[cfg(feature = "aws-lc-rs")]
#[test]
fn aws_lc_is_the_default_whatever_else_is_compiled_in() {
    assert_eq!(CryptoBackend::available()[0], CryptoBackend::AwsLcRs);
    without_a_choice().unwrap();
}

/// A default that stood in for the missing one would be another as soon as a crate elsewhere in the
/// program enables `aws-lc-rs`.
#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn rust_crypto_is_used_only_where_it_is_chosen() {
    let error = without_a_choice().unwrap_err();
    assert_eq!(
        error.kind(),
        authz_core::BuildErrorKind::MissingCryptoBackend
    );
    assert!(
        error
            .to_string()
            .contains(".crypto_backend(CryptoBackend::RustCrypto)"),
        "{error}"
    );
}
