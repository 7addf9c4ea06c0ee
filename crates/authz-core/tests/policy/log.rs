//! The operator's line about an unmet policy.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::case::{api, token};

#[test]
fn the_log_has_the_decision_and_no_token() {
    let api = api();
    let claims = json!({"scope": "read", "roles": ["reader"], "sub": "u\u{1b}1"});
    let caller = api.caller(&claims);
    let policy = r#"scope("read") and role("admin")"#.parse().unwrap();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        assert!(api.authorizer.check(&caller, &policy).is_err());
    });
    let log = log.text();
    for expected in [
        "reason=\"insufficient_scope\"",
        "status=403",
        r#"expected=scope("read") and role("admin")"#,
        r#"decision=+scope("read") and -role("admin") [["reader"]]"#,
        "the decision in full: denied",
        "✗ role(\"admin\"): [\"reader\"]",
    ] {
        assert!(log.contains(expected), "{expected} is not in\n{log}");
    }
    assert!(!log.contains('\u{1b}'), "{log}");
    let token = token(&claims);
    let signature = token.rsplit('.').next().unwrap();
    assert!(!log.contains(signature), "{log}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
