use authz_testkit::SigningKey;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;

/// Reads variables, written `NAME=value;NAME=value`. A later value of the same variable replaces the
/// earlier one.
fn read(variables: &str) -> Result<Config, String> {
    let variables = variables.split(';').filter_map(|it| it.split_once('='));
    let owned = |(variable, value): (&str, &str)| (variable.to_owned(), value.into());
    Config::read(Environment::new(variables.map(owned)))
}

fn with_issuer(variables: &str) -> Result<Config, String> {
    read(&format!(
        "AUTHZ_ISSUER=https://issuer.example/;AUTHZ_AUDIENCE=https://api.example;{variables}"
    ))
}

const VARIABLES: &str = "
    AUTHZ_ISSUER AUTH0_DOMAIN AUTHZ_AUDIENCE AUTH0_AUDIENCE AUTHZ_JWKS_URI AUTHZ_DISCOVERY_URL
    AUTHZ_ALLOW_HTTP AUTHZ_CA_FILE AUTHZ_ALGORITHMS AUTHZ_RESOURCE AUTHZ_RULES AUTHZ_CORS_ORIGINS
    AUTHZ_INTROSPECTION AUTHZ_INTROSPECTION_SIGNED AUTHZ_CLIENT_ID AUTHZ_CLIENT_SECRET AUTHZ_CLIENT_KEY
    AUTHZ_INSPECTOR_PORT AUTHZ_METRICS_PORT AUTHZ_DPOP AUTHZ_DPOP_NONCE AUTHZ_NONCE_KEY AUTHZ_PUBLIC_URL AUTHZ_STORE
    AUTHZ_CLIENT_CERT_HEADER AUTHZ_TRUSTED_PROXIES AUTHZ_TLS_CERT AUTHZ_TLS_KEY AUTHZ_TLS_CLIENT
    HOST PORT RUST_LOG";

#[test]
fn an_empty_variable_is_not_set() {
    for value in ["", " "] {
        let variables = VARIABLES.split_whitespace();
        let variables: String = variables.map(|it| format!("{it}={value};")).collect();
        let config = read(&variables).unwrap();
        assert!(config.issuer.is_none());
        assert_eq!(config.algorithms, [Algorithm::RS256]);
        assert_eq!(config.address.to_string(), "127.0.0.1:3010");
        assert_eq!(config.log.to_string(), "info");
        assert!(config.warnings.is_empty());
    }
}

#[test]
fn values_that_are_taken() {
    for variables in [
        "AUTHZ_ISSUER=http://localhost:8080/realms/demo",
        "AUTHZ_ISSUER=http://[::1]:3011/",
        "AUTHZ_ISSUER=http://issuer.localhost/",
        "AUTHZ_JWKS_URI=http://issuer.localhost/",
        "AUTHZ_JWKS_URI=http://127.1.2.3",
        "AUTHZ_JWKS_URI=http://[fd00::1]:8080/;AUTHZ_ALLOW_HTTP=[fd00::1]",
        "AUTHZ_JWKS_URI=http://10.0.0.7:8080/;AUTHZ_ALLOW_HTTP=10.0.0.7",
        "AUTHZ_JWKS_URI=http://keycloak:8080/;AUTHZ_ALLOW_HTTP=KEYCLOAK",
    ] {
        assert!(with_issuer(variables).is_ok(), "{variables}");
    }
    for (variables, address) in [
        ("HOST=localhost;PORT=80", "127.0.0.1:80"),
        ("HOST=::1;PORT=65535", "[::1]:65535"),
        ("HOST= 192.0.2.7 ;PORT=0", "192.0.2.7:0"),
    ] {
        assert_eq!(read(variables).unwrap().address.to_string(), address);
    }
    for (given, origin) in [
        ("HTTPS://App.Example:443", "https://app.example"),
        ("http://[::1]:80", "http://[::1]"),
        ("capacitor://localhost", "capacitor://localhost"),
    ] {
        let config = read(&format!("AUTHZ_CORS_ORIGINS={given}")).unwrap();
        assert_eq!(config.cors_origins, [origin]);
    }
}

/// A variable, its value, and what the message says besides.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("AUTHZ_ISSUER", "http://127.0.0.1.example/", "plain http"),
    ("AUTH0_DOMAIN", "https://a.auth0.com/", "leave out https://"),
    ("AUTH0_DOMAIN", "a.auth0.com/x", "the path"),
    ("AUTH0_DOMAIN", "a.auth0.com/", "the path"),
    ("AUTH0_DOMAIN", "me@a.auth0.com", "is not a domain"),
    ("AUTHZ_ALGORITHMS", "RS256,rs384", "use one of RS256"),
    ("AUTHZ_ALGORITHMS", "RS256,", "comma"),
    ("AUTHZ_ALGORITHMS", "RS256,HS256", "public key"),
    ("AUTHZ_INTROSPECTION", "jwt", "fallback"),
    ("PORT", "-1", "65535"),
    ("HOST", "127.0.0.1:80", "IP address"),
    ("AUTHZ_RESOURCE", "https://api.example/#x", "fragment"),
    ("AUTHZ_RESOURCE", "http://api.internal/", "plain http"),
    ("AUTHZ_RESOURCE", "urn:api", "absolute"),
    ("RUST_LOG", "authz_core=loud", "info"),
    ("AUTHZ_DPOP", "on", "required"),
    ("AUTHZ_DPOP_NONCE", "accepted", "required"),
    ("AUTHZ_PUBLIC_URL", "api.example", "https://api.example"),
    ("AUTHZ_PUBLIC_URL", "https://api.example?x", "without query"),
    ("AUTHZ_CLIENT_CERT_HEADER", "apache", "nginx"),
    ("AUTHZ_CLIENT_CERT_HEADER", "rfc9440:x", "nginx"),
    ("AUTHZ_CLIENT_CERT_HEADER", "nginx:a b", "header field"),
    ("AUTHZ_TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/33"),
    ("AUTHZ_TLS_CERT", "missing.pem", "cannot be read"),
    ("AUTHZ_TLS_CLIENT", "required", "optional"),
];

#[test]
fn mistakes_say_which_variable_and_what_to_do() {
    for (variable, value, advice) in MISTAKES {
        let error = with_issuer(&format!("{variable}={value}")).unwrap_err();
        let begin = format!("{variable}={value:?} ");
        assert!(error.starts_with(&begin), "{error}");
        assert!(error.contains(advice), "{advice:?} not in: {error}");
    }
}

#[test]
fn a_wrong_key_for_nonces_is_not_shown() {
    let error = with_issuer("AUTHZ_NONCE_KEY=hush").unwrap_err();
    let is_said = error.starts_with("AUTHZ_NONCE_KEY ") && error.contains("43 characters");
    assert!(is_said && !error.contains("hush"), "{error}");
}

#[test]
fn introspection_needs_a_client_whose_secret_is_not_shown() {
    let client = "AUTHZ_CLIENT_ID=api;AUTHZ_CLIENT_SECRET= hush hush ";
    for tokens in ["opaque", "always", "fallback"] {
        let config = with_issuer(&format!("AUTHZ_INTROSPECTION={tokens};{client}")).unwrap();
        assert!(config.introspection.is_some() && config.warnings.is_empty());
        assert!(!format!("{config:?}").contains("hush"));
        for (variables, missing) in [
            ("AUTHZ_CLIENT_ID=api", "AUTHZ_CLIENT_SECRET is not set"),
            ("AUTHZ_CLIENT_SECRET=hush", "AUTHZ_CLIENT_ID is not set"),
        ] {
            let error = with_issuer(&format!("AUTHZ_INTROSPECTION={tokens};{variables}"));
            let error = error.unwrap_err();
            assert!(
                error.starts_with(missing) && !error.contains("hush"),
                "{error}"
            );
        }
    }
    for off in ["", "AUTHZ_INTROSPECTION=off"] {
        let config = with_issuer(&format!("{off};{client}")).unwrap();
        assert!(config.introspection.is_none());
        assert_eq!(config.warnings.len(), 2);
        let config = with_issuer(&format!("{off};AUTHZ_INTROSPECTION_SIGNED=required")).unwrap();
        assert_eq!(config.warnings.len(), 1);
    }
}

#[test]
fn a_client_has_a_secret_or_a_key() {
    for (name, algorithm, is_fine) in [
        ("ec", Algorithm::ES256, true),
        ("rsa", Algorithm::RS256, true),
        ("ed", Algorithm::EdDSA, true),
        ("p384", Algorithm::ES384, false),
    ] {
        let path = env::temp_dir().join(format!("authz-{}-{name}.pem", std::process::id()));
        let der = SigningKey::shared(algorithm).to_pkcs8().unwrap();
        let pem = STANDARD.encode(der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
        std::fs::write(&path, pem).unwrap();
        let key = format!("AUTHZ_CLIENT_ID=api;AUTHZ_CLIENT_KEY={}", path.display());
        let config = with_issuer(&format!("AUTHZ_INTROSPECTION=opaque;{key}"));
        let both = with_issuer(&format!(
            "AUTHZ_INTROSPECTION=opaque;{key};AUTHZ_CLIENT_SECRET=x"
        ));
        std::fs::remove_file(path).unwrap();
        assert_eq!(config.is_ok(), is_fine, "{name}: {config:?}");
        match config {
            Ok(config) => assert!(format!("{config:?}").contains("private_key_jwt")),
            Err(error) => assert!(error.contains("no key of P-256"), "{error}"),
        }
        let error = both.unwrap_err();
        assert!(error.contains("AUTHZ_CLIENT_KEY"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn bytes_that_are_not_text() {
    use std::os::unix::ffi::OsStringExt as _;

    let value = OsString::from_vec(b"\xff".into());
    let environment = Environment::new([("AUTHZ_AUDIENCE".to_owned(), value)]);
    let error = Config::read(environment).unwrap_err();
    let is_said = error.contains("AUTHZ_AUDIENCE=") && error.contains("UTF-8");
    assert!(is_said, "{error}");
}
