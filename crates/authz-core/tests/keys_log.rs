//! What a key server publishes does not fill the log, nor memory. In a file of its own, as log_size.rs
//! is.

mod support;

use std::time::Duration;

use authz_core::jwks::KeysErrorKind;
use serde_json::{Value, json};
use support::{KeyServer, key, log::Log, pass, settle, status, token};
use tracing_subscriber::filter::LevelFilter;

/// As many as fit into the bytes of an answer.
#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_bad_keys_are_told_in_a_few_lines() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(log.subscriber(LevelFilter::INFO));
    let key = key();
    let mut keys = vec![json!(0); 100_000];
    let server = KeyServer::new([]);
    keys.push(key.public_jwk());
    server.serve(json!({ "keys": keys }).to_string());
    let authorizer = server.authorizer();
    assert_eq!(status(&authorizer, &token(&key).build()).await, 200);
    let text = log.text();
    let lines = text.lines().count();
    assert!((3..50).contains(&lines), "{lines} lines");
    assert!(text.contains("99984"), "{text}");

    keys.pop();
    let none: Vec<Value> = keys;
    server.serve(json!({ "keys": none }).to_string());
    pass(Duration::from_secs(600)).await;
    settle().await;
    let keys = &authorizer.key_status()[0].keys;
    let error = keys.last_error.as_ref().unwrap();
    assert_eq!(error.kind(), KeysErrorKind::KeySet, "{error}");
    assert!(error.to_string().contains("100000 keys"), "{error}");
    let kept = format!("{error:?}").len();
    assert!(kept < 10_000, "an error of {kept} bytes is kept");
}
