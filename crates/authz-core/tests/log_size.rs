//! What a caller sends does not fill the log. In a file of its own: a subscriber of one thread sees
//! all events only where no other thread of the process comes first.

mod support;

use authz_core::{RequestParts, any_valid_token, jwks::StaticKeys};
use support::{builder, key, log::logged, refusal, token};
use tracing_subscriber::filter::LevelFilter;

/// CVE-2025-65015: a huge token copied into errors and logs. And each refusal is logged, once.
#[test]
fn neither_answer_nor_log_grows_with_the_token() {
    let huge = "z".repeat(200_000);
    let log = logged(LevelFilter::TRACE, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let key = key();
            let set = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
            let keys = || StaticKeys::from_jwks(set.as_bytes()).unwrap();
            let narrow = builder(keys()).build().unwrap();
            let wide = builder(keys()).max_token_bytes(1 << 24).build().unwrap();
            let good = || token(&key);
            for token in [
                huge.clone(),
                format!("{huge}.e30.AA"),
                good().kid(Some(&huge)).build(),
                good().header("alg", huge.clone()).build(),
                good().typ(Some(&huge)).build(),
                good().issuer(huge.clone()).build(),
                good().audience(huge.clone()).build(),
                good().audience(vec![huge.clone(); 3]).build(),
                good().claim("exp", huge.clone()).build(),
                good().claim("jti", huge.clone()).expires_in(-3600).build(),
                good()
                    .raw_payload(format!(r#"{{"{huge}":1,"{huge}":2}}"#))
                    .build(),
            ] {
                for authorizer in [&narrow, &wide] {
                    let request = http::Request::get("/")
                        .header("authorization", format!("Bearer {token}"))
                        .body(())
                        .unwrap();
                    let decision = authorizer
                        .authorize(&RequestParts::from(&request), &any_valid_token())
                        .await;
                    for rejection in [refusal(authorizer, &token).await, decision.unwrap_err()] {
                        assert!(rejection.body().len() < 300);
                        assert!(rejection.challenge().unwrap().len() < 400);
                        assert!(!format!("{rejection:?} {rejection}").contains("zzz"));
                    }
                }
            }
        });
    });
    assert_eq!(log.matches("request refused").count(), 44, "{log}");
    let longest = log.lines().map(str::len).max().unwrap();
    assert!(longest < 2048, "a line of {longest} bytes");
}
