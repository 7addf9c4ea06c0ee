use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let owned = |(variable, value): &(&str, &str)| ((*variable).to_owned(), value.into());
    Config::read(Environment(variables.iter().map(owned).collect()))
}

const VARIABLES: &str = "
    AUTHZ_ISSUER AUTH0_DOMAIN AUTHZ_AUDIENCE AUTH0_AUDIENCE AUTHZ_JWKS_URI AUTHZ_DISCOVERY_URL
    AUTHZ_ALLOW_HTTP AUTHZ_CA_FILE AUTHZ_ALGORITHMS AUTHZ_RESOURCE AUTHZ_RULES AUTHZ_CORS_ORIGINS
    AUTHZ_INSPECTOR_PORT HOST PORT RUST_LOG";

#[test]
fn an_empty_variable_is_not_set() {
    for value in ["", " "] {
        let variables = VARIABLES.split_whitespace().map(|it| (it, value));
        let config = read(&variables.collect::<Vec<_>>()).unwrap();
        assert!(config.issuer.is_none());
        assert_eq!(config.algorithms, [Algorithm::RS256]);
        assert_eq!(config.address.to_string(), "127.0.0.1:3010");
        assert_eq!(config.log.to_string(), "info");
        assert!(config.warnings.is_empty());
    }
}

#[test]
fn a_short_form_that_says_something_else_is_not_silent() {
    let warnings = |domain, audience| {
        let config = read(&[
            ("AUTHZ_ISSUER", "https://issuer.example/"),
            ("AUTHZ_AUDIENCE", "https://api.example"),
            ("AUTH0_DOMAIN", domain),
            ("AUTH0_AUDIENCE", audience),
        ]);
        config.unwrap().warnings
    };
    let [domain, audience] = &warnings("other.example", "https://other.example")[..] else {
        panic!("not two warnings");
    };
    assert!(domain.contains("AUTH0_DOMAIN") && domain.contains("AUTHZ_ISSUER"));
    assert!(audience.contains("AUTH0_AUDIENCE") && audience.contains("AUTHZ_AUDIENCE"));
    assert!(warnings("issuer.example", "https://api.example").is_empty());
}

#[test]
fn values_that_are_taken() {
    let issuer = ("AUTHZ_ISSUER", "https://issuer.example/");
    let audience = ("AUTHZ_AUDIENCE", "https://api.example");
    for url in [
        "http://localhost:8080/realms/demo",
        "http://[::1]:3011/",
        "http://issuer.localhost/",
        "http://127.1.2.3",
    ] {
        read(&[("AUTHZ_ISSUER", url), audience]).unwrap();
        read(&[issuer, audience, ("AUTHZ_JWKS_URI", url)]).unwrap();
    }
    for host in ["[fd00::1]", "10.0.0.7", "KEYCLOAK"] {
        let keys = format!("http://{}:8080/", host.to_lowercase());
        let variables = [("AUTHZ_JWKS_URI", &*keys), ("AUTHZ_ALLOW_HTTP", host)];
        read(&[&[issuer, audience][..], &variables].concat()).unwrap();
    }
    for (host, port, address) in [
        ("localhost", "80", "127.0.0.1:80"),
        ("::1", "65535", "[::1]:65535"),
        (" 192.0.2.7 ", "0", "192.0.2.7:0"),
    ] {
        let config = read(&[("HOST", host), ("PORT", port)]).unwrap();
        assert_eq!(config.address.to_string(), address);
    }
    for (given, origin) in [
        ("HTTPS://App.Example:443", "https://app.example"),
        ("http://[::1]:80", "http://[::1]"),
        ("capacitor://localhost", "capacitor://localhost"),
    ] {
        let config = read(&[("AUTHZ_CORS_ORIGINS", given)]).unwrap();
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
    ("AUTHZ_ALGORITHMS", "RS256,HS256", "public keys only"),
    ("PORT", "-1", "65535"),
    ("HOST", "127.0.0.1:80", "IP address"),
    ("AUTHZ_RESOURCE", "https://api.example/#x", "fragment"),
    ("AUTHZ_RESOURCE", "http://api.internal/", "plain http"),
    ("AUTHZ_RESOURCE", "urn:api", "absolute"),
    ("RUST_LOG", "authz_core=loud", "info"),
];

#[test]
fn mistakes_say_which_variable_and_what_to_do() {
    for (variable, value, advice) in MISTAKES {
        // A later value of the same variable replaces the earlier one.
        let read = read(&[
            ("AUTHZ_ISSUER", "https://issuer.example/"),
            ("AUTHZ_AUDIENCE", "https://api.example"),
            (variable, value),
        ]);
        let error = read.unwrap_err();
        assert!(
            error.starts_with(&format!("{variable}={value:?} ")),
            "{error}"
        );
        assert!(error.contains(advice), "{advice:?} not in: {error}");
    }
}

#[cfg(unix)]
#[test]
fn bytes_that_are_not_text() {
    use std::os::unix::ffi::OsStringExt as _;

    let value = OsString::from_vec(b"\xff".into());
    let environment = Environment([("AUTHZ_AUDIENCE".to_owned(), value)].into());
    let error = Config::read(environment).unwrap_err();
    assert!(
        error.contains("AUTHZ_AUDIENCE=") && error.contains("UTF-8"),
        "{error}"
    );
}
