//! Another crate's features don't change what is decided.

use authz_core::{Algorithm, Authorizer, CryptoBackend, Issuer, Reason};
use authz_testkit::{DevIssuer, SigningKey};

#[test]
fn jsonwebtoken_can_not_choose_a_provider_in_this_build() {
    let key = jsonwebtoken::DecodingKey::from_secret(&[7; 32]);
    let token = "eyJhbGciOiJIUzI1NiJ9.e30.AAAA";
    let decode = || {
        let validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).is_ok()
    };
    // Otherwise the test below would show nothing.
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode)).is_err());
}

#[tokio::test]
async fn a_token_is_validated_by_either_backend() {
    let issuer = DevIssuer::builder()
        .algorithms([Algorithm::RS256, Algorithm::ES256])
        .start()
        .await
        .unwrap();
    for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
        let authorizer = Authorizer::builder()
            .crypto_backend(backend)
            .issuer(
                Issuer::new(issuer.issuer())
                    .audience(issuer.audience())
                    .algorithms([Algorithm::RS256, Algorithm::ES256]),
            )
            .build()
            .unwrap();
        for algorithm in [Algorithm::RS256, Algorithm::ES256] {
            let key = issuer.key_for(algorithm).unwrap();
            let good = issuer.token().key(&key).claim("weight", 1.5);
            let caller = authorizer.verify(&good.clone().build()).await.unwrap();
            assert_eq!(caller.claims()["weight"], 1.5);
            let forged = good.signed_by(&SigningKey::generate(algorithm)).build();
            let rejection = authorizer.verify(&forged).await.unwrap_err();
            assert_eq!(rejection.reason(), Reason::InvalidSignature);
        }
    }
}
