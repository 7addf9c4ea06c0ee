//! The operator's log line names the usual cause of a refusal, and never the token.

use std::{
    io,
    sync::{Arc, Mutex},
};

use authz_core::{Algorithm, Authorizer, jwks::StaticKeys};
use authz_testkit::{SigningKey, TokenBuilder};
use serde_json::json;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged when the token is refused.
fn log(issuer: &str, token: &str) -> String {
    let key = SigningKey::shared(Algorithm::ES256);
    let keys = json!({"keys": [key.public_jwk()]}).to_string();
    let authorizer = Authorizer::builder()
        .issuer(issuer)
        .audience("https://api.example")
        .algorithms([Algorithm::ES256])
        .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap())
        .build()
        .unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || {
        assert!(runtime.block_on(authorizer.verify(token)).is_err());
    });
    let log = log.0.lock().unwrap();
    String::from_utf8(log.clone()).unwrap()
}

#[test]
fn the_usual_causes_are_named() {
    const AUTH0: &str = "https://tenant.eu.auth0.com/";
    const ENTRA: &str = "https://login.microsoftonline.com/6babcaad/v2.0";
    let key = SigningKey::shared(Algorithm::ES256);
    let good = |issuer: &str| {
        TokenBuilder::new(&key)
            .issuer(issuer)
            .audience("https://api.example")
    };
    let auth0 = good(AUTH0);
    for (name, configured, token, reason, cause) in [
        (
            "slash",
            AUTH0,
            good("https://tenant.eu.auth0.com"),
            "wrong_issuer",
            "a slash at the end",
        ),
        (
            "http",
            AUTH0,
            good("http://tenant.eu.auth0.com/"),
            "wrong_issuer",
            "http or https",
        ),
        (
            "other tenant",
            AUTH0,
            good("https://other.eu.auth0.com/"),
            "wrong_issuer",
            "another tenant or environment",
        ),
        (
            "other realm",
            "https://sso.example/realms/a",
            good("https://sso.example/realms/b"),
            "wrong_issuer",
            "another tenant or realm",
        ),
        (
            "Entra v1",
            ENTRA,
            good("https://sts.windows.net/6babcaad/"),
            "wrong_issuer",
            "requestedAccessTokenVersion",
        ),
        (
            "Entra v2",
            "https://sts.windows.net/6babcaad/",
            good(ENTRA),
            "wrong_issuer",
            "a v2 token",
        ),
        (
            "ID token",
            AUTH0,
            auth0.clone().audience("client").client_id("client"),
            "wrong_audience",
            "an ID token",
        ),
        (
            "no audience",
            AUTH0,
            auth0.clone().without("aud"),
            "wrong_audience",
            "no audience was asked for",
        ),
        (
            "Keycloak",
            AUTH0,
            auth0.clone().audience("account"),
            "wrong_audience",
            "audience mapper",
        ),
        (
            "Graph's audience",
            ENTRA,
            good(ENTRA).audience("https://graph.microsoft.com"),
            "wrong_audience",
            "Microsoft Graph",
        ),
        (
            "userinfo",
            AUTH0,
            auth0
                .clone()
                .audience("https://tenant.eu.auth0.com/userinfo"),
            "wrong_audience",
            "userinfo endpoint",
        ),
        (
            "clock behind",
            AUTH0,
            auth0.clone().not_before_in(90),
            "not_yet_valid",
            "compare this machine's clock",
        ),
        (
            "clock ahead",
            AUTH0,
            auth0.clone().expires_in(-90),
            "expired",
            "compare this machine's clock",
        ),
        (
            "other key",
            AUTH0,
            auth0.clone().kid(Some("other")),
            "unknown_key",
            "another environment",
        ),
        (
            "algorithm",
            AUTH0,
            auth0.clone().header("alg", "RS256"),
            "algorithm_not_allowed",
            ".algorithms(",
        ),
        (
            "Graph's signature",
            ENTRA,
            good(ENTRA).header("nonce", "x").signature([1; 64]),
            "invalid_signature",
            "Graph",
        ),
        (
            "bound",
            AUTH0,
            auth0.clone().claim("cnf", json!({"jkt": "x"})),
            "sender_constrained",
            "proof of possession",
        ),
    ] {
        let token = token.build();
        let log = log(configured, &token);
        assert!(
            log.contains(&format!("reason=\"{reason}\"")),
            "{name}: {log}"
        );
        assert!(log.contains(cause), "{name}: {log}");
        assert_eq!(log.lines().count(), 1, "{name}: {log}");
        for part in token.split('.') {
            assert!(!log.contains(part), "{name}: the token is in the log");
        }
    }
    for (token, cause) in [
        ("an-opaque-token", "an opaque token"),
        ("e30.e30.AA.AA.AA", "JWE"),
    ] {
        assert!(log(AUTH0, token).contains(cause), "{token}");
    }
    let old = log(AUTH0, &auth0.expires_in(-86_400).build());
    assert!(!old.contains("clock"), "a day is no clock skew: {old}");
}

#[test]
fn what_callers_send_can_not_break_the_line() {
    let key = SigningKey::shared(Algorithm::ES256);
    let hostile = "https://evil.example/\n2026-01-01 INFO forged=\u{1b}[31m";
    let token = TokenBuilder::new(&key)
        .issuer(hostile)
        .kid(Some("a\r\nb"))
        .build();
    let log = log("https://tenant.eu.auth0.com/", &token);
    assert_eq!(log.lines().count(), 1, "{log:?}");
    assert!(!log.contains('\u{1b}'), "{log:?}");
    let long = TokenBuilder::new(&key).issuer("x".repeat(5000)).build();
    let log = self::log("https://tenant.eu.auth0.com/", &long);
    assert!(log.len() < 1500, "{}", log.len());
}
