//! The operator's log line names the usual cause of a refusal, and never the token.

mod support;

use authz_core::{Algorithm, Issuer, jwks::StaticKeys};
use authz_testkit::{SigningKey, TokenBuilder};
use serde_json::json;
use support::log::logged;
use tracing_subscriber::filter::LevelFilter;

/// What is logged when the token is refused.
fn log(issuer: &str, token: &str) -> String {
    let key = SigningKey::shared(Algorithm::ES256);
    let keys = json!({"keys": [key.public_jwk()]}).to_string();
    let authorizer = support::authorizer()
        .issuer(
            Issuer::new(issuer)
                .audience("https://api.example")
                .algorithms([Algorithm::ES256])
                .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap()),
        )
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    logged(LevelFilter::INFO, || {
        assert!(runtime.block_on(authorizer.verify(token)).is_err());
    })
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
            "only the trailing slash",
        ),
        (
            "http",
            AUTH0,
            good("http://tenant.eu.auth0.com/"),
            "wrong_issuer",
            "only the scheme",
        ),
        (
            "letters",
            AUTH0,
            good("https://Tenant.eu.auth0.com/"),
            "wrong_issuer",
            "only the letter case",
        ),
        (
            "default port",
            AUTH0,
            good("https://tenant.eu.auth0.com:443/"),
            "wrong_issuer",
            "only the default port",
        ),
        (
            "several differences",
            AUTH0,
            good("http://tenant.eu.auth0.com"),
            "wrong_issuer",
            "check the trailing slash",
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
            "an Entra ID v2 token",
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
            "requested without an audience",
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
            "`jkt` and `x5t#S256` are",
        ),
        (
            "sub of the wrong type",
            AUTH0,
            auth0.clone().claim("sub", 42),
            "malformed_claims",
            "actual=\"sub: invalid type: integer `42`, expected a string",
        ),
        (
            "azp of the wrong type",
            AUTH0,
            auth0.clone().claim("azp", json!(["x"])),
            "malformed_claims",
            "azp: invalid type: sequence, expected a string",
        ),
        (
            "aud of the wrong type",
            AUTH0,
            auth0.clone().claim("aud", json!({"a": 1})),
            "malformed_claims",
            "aud: invalid type: map",
        ),
        (
            "nbf of the wrong type",
            AUTH0,
            auth0.clone().claim("nbf", json!(null)),
            "malformed_claims",
            "nbf: invalid type: null",
        ),
        (
            "kid of the wrong type",
            AUTH0,
            auth0.clone().header("kid", 1),
            "malformed_header",
            "kid: invalid type: integer",
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

/// `null` is no more than a claim left out, where it may be.
#[test]
fn optional_claims_may_be_null() {
    let key = SigningKey::shared(Algorithm::ES256);
    let keys = json!({"keys": [key.public_jwk()]}).to_string();
    let authorizer = support::authorizer()
        .issuer(
            Issuer::new("https://issuer.example/")
                .audience("https://api.example")
                .algorithms([Algorithm::ES256])
                .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap()),
        )
        .build()
        .unwrap();
    let token = TokenBuilder::new(&key)
        .issuer("https://issuer.example/")
        .audience("https://api.example")
        .claim("sub", json!(null))
        .claim("jti", json!(null))
        .claim("client_id", json!(null));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (azp, client) in [(json!(null), None), (json!("web"), Some("web"))] {
        let token = token.clone().claim("azp", azp).build();
        let caller = runtime.block_on(authorizer.verify(&token)).unwrap();
        assert_eq!(caller.client_id(), client);
        assert_eq!((caller.subject(), caller.token_id()), (None, None));
    }
}

/// Credentials that are there, and are no bearer token: each has its cause, and none is shown.
#[test]
fn other_credentials_are_told_without_being_shown() {
    const SECRET: &str = "s3cr3t-of-the-caller";
    let bare = format!("{SECRET}.{SECRET}.{SECRET}");
    for (authorization, reason, told) in [
        ("Bearer null".to_owned(), "opaque_token", "unset variable"),
        (
            "Bearer undefined".to_owned(),
            "opaque_token",
            "unset variable",
        ),
        (
            "Bearer".to_owned(),
            "malformed_credentials",
            "the token is empty",
        ),
        (
            format!("Bearer Bearer {SECRET}"),
            "malformed_credentials",
            "`Bearer Bearer`",
        ),
        (
            "Bearer [object Object]".to_owned(),
            "malformed_credentials",
            "[object Object]",
        ),
        (
            format!("Bearer \"{bare}\""),
            "malformed_token",
            "quotation marks",
        ),
        (
            format!("Token {SECRET}"),
            "missing_token",
            "the scheme Token",
        ),
        (format!("JWT {SECRET}"), "missing_token", "the scheme JWT"),
        (
            format!("Basic {SECRET}"),
            "missing_token",
            "a user name and password",
        ),
        (
            format!("DPoP {SECRET}"),
            "missing_token",
            "configure `Issuer::dpop`",
        ),
        (
            format!("AWS4-HMAC-SHA256 {SECRET}"),
            "missing_token",
            "the scheme AWS4-HMAC-SHA256",
        ),
        (bare.clone(), "missing_token", "the header has no scheme"),
        (
            SECRET.to_owned(),
            "missing_token",
            "the header has no scheme",
        ),
        (
            format!("Bearer{SECRET}"),
            "missing_token",
            "the space after `Bearer` is missing",
        ),
        (
            format!("{bare} {SECRET}"),
            "missing_token",
            "the scheme is not valid",
        ),
        (
            format!("{SECRET}= x"),
            "missing_token",
            "the scheme is not valid",
        ),
        (
            format!("T\u{f6}ken {SECRET}"),
            "missing_token",
            "the scheme is not valid",
        ),
    ] {
        let log = log_of(
            |builder| builder,
            |request| request.header("authorization", &authorization),
        );
        assert!(log.contains(" INFO "), "{authorization}: {log}");
        assert!(
            log.contains(&format!("reason=\"{reason}\"")),
            "{authorization}: {log}"
        );
        assert!(log.contains(told), "{authorization}: {log}");
        assert!(!log.contains(SECRET), "{authorization}: {log}");
        assert_eq!(log.lines().count(), 1, "{authorization}: {log}");
    }
    // What every client does first is no news, nor is a header that nobody looks at.
    let elsewhere = authz_core::TokenSource::cookie("session");
    for log in [
        log_of(|builder| builder, |request| request),
        log_of(
            |builder| builder,
            |request| request.header("authorization", ""),
        ),
        log_of(
            |builder| builder.instead_of_authorization(elsewhere.clone()),
            |request| request.header("authorization", "Token x"),
        ),
    ] {
        assert_eq!(log, "");
    }
}

/// What is logged at INFO and above when the request is refused.
fn log_of(
    settings: impl Fn(authz_core::AuthorizerBuilder) -> authz_core::AuthorizerBuilder,
    request: impl Fn(http::request::Builder) -> http::request::Builder,
) -> String {
    let builder = support::authorizer().issuer(
        Issuer::new("https://issuer.example/")
            .audience("https://api.example")
            .algorithms([Algorithm::HS256])
            .keys(authz_core::jwks::SharedSecret::hs256([7; 32]).unwrap()),
    );
    let authorizer = settings(builder).build().unwrap();
    let request = request(http::Request::get("/")).body(()).unwrap();
    logged(LevelFilter::INFO, || {
        let parts = authz_core::RequestParts::from(&request);
        let outcome = authorizer.decide(&parts, &authz_core::any_valid_token());
        assert!(matches!(outcome, authz_core::Admission::Ready(Err(_))));
    })
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
