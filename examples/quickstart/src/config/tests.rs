use super::*;

type Variables = &'static [(&'static str, &'static str)];

const ISSUER: (&str, &str) = ("AUTHZ_ISSUER", "https://issuer.example/");
const AUDIENCE: (&str, &str) = ("AUTHZ_AUDIENCE", "https://api.example");

fn read(variables: Variables) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| {
        let mut set = variables.iter().filter(|(variable, _)| *variable == name);
        set.next().map(|(_, value)| value.into())
    })
}

fn issuer(variables: Variables) -> TrustedIssuer {
    read(variables).unwrap().issuer.unwrap()
}

#[test]
fn nothing_is_a_configuration() {
    // An empty value is what compose files make of a variable nobody gave them.
    for variables in [
        &[][..],
        &[
            ("AUTHZ_ISSUER", ""),
            ("AUTH0_DOMAIN", " "),
            ("AUTHZ_AUDIENCE", ""),
            ("AUTH0_AUDIENCE", ""),
            ("AUTHZ_JWKS_URI", ""),
            ("AUTHZ_ALGORITHMS", ""),
            ("AUTHZ_RESOURCE", ""),
            ("AUTHZ_RULES", ""),
            ("AUTHZ_CORS_ORIGINS", ""),
            ("AUTHZ_DISCOVERY_URL", ""),
            ("AUTHZ_ALLOW_HTTP", ""),
            ("AUTHZ_CA_FILE", ""),
            ("HOST", ""),
            ("PORT", ""),
            ("RUST_LOG", ""),
        ],
    ] {
        let config = read(variables).unwrap();
        assert_eq!(config.issuer, None);
        assert_eq!(config.algorithms, [Algorithm::RS256]);
        assert_eq!(config.address.to_string(), "127.0.0.1:3010");
        assert_eq!(config.resource, None);
        assert!(config.rules.is_none());
        assert!(config.cors_origins.is_empty());
        assert_eq!(config.log.to_string(), "info");
        assert_eq!(config.warnings, []);
    }
}

#[test]
fn everything_is_read() {
    let config = read(&[
        ("AUTHZ_ISSUER", " https://issuer.example/realms/demo "),
        ("AUTHZ_AUDIENCE", "https://one.example, https://two.example"),
        ("AUTHZ_JWKS_URI", "https://keys.example/jwks.json"),
        ("AUTHZ_ALGORITHMS", "ES256,EdDSA, PS512"),
        ("AUTHZ_RESOURCE", "https://api.example/v1"),
        ("HOST", "0.0.0.0"),
        ("PORT", "0"),
        ("RUST_LOG", "warn,authz_core=debug"),
    ])
    .unwrap();
    let issuer = config.issuer.unwrap();
    assert_eq!(issuer.issuer, "https://issuer.example/realms/demo");
    assert_eq!(
        issuer.audiences,
        ["https://one.example", "https://two.example"]
    );
    let jwks_uri = issuer.jwks_uri.as_deref();
    assert_eq!(jwks_uri, Some("https://keys.example/jwks.json"));
    assert_eq!(
        config.algorithms,
        [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS512]
    );
    assert_eq!(config.resource.as_deref(), Some("https://api.example/v1"));
    assert_eq!(config.address.to_string(), "0.0.0.0:0");
    assert!(config.log.to_string().contains("authz_core=debug"));
}

#[test]
fn auth0_has_short_forms() {
    let short = issuer(&[
        ("AUTH0_DOMAIN", "tenant.eu.auth0.com"),
        ("AUTH0_AUDIENCE", "https://api.example"),
    ]);
    assert_eq!(short.issuer, "https://tenant.eu.auth0.com/");
    assert_eq!(short.audiences, ["https://api.example"]);
    // And the two kinds mix.
    let mixed = issuer(&[("AUTH0_DOMAIN", "tenant.eu.auth0.com"), AUDIENCE]);
    assert_eq!(mixed, short);
}

/// Nothing is fetched from an issuer whose keys are elsewhere: AD FS calls itself by http, others by
/// no URL at all.
#[test]
fn an_issuer_that_is_only_compared_may_be_any_text() {
    let keys = "https://adfs.example/adfs/discovery/keys";
    for name in [
        "acme.com",
        "http://adfs.example/adfs/services/trust",
        "acme",
    ] {
        let read = Config::from_lookup(|variable| match variable {
            "AUTHZ_ISSUER" => Some(name.into()),
            "AUTHZ_AUDIENCE" => Some("api".into()),
            "AUTHZ_JWKS_URI" => Some(keys.into()),
            _ => None,
        });
        assert_eq!(read.unwrap().issuer.unwrap().issuer, name);
    }
}

#[test]
fn the_general_form_comes_first_and_the_other_is_not_silent() {
    let both: Variables = &[
        ISSUER,
        AUDIENCE,
        ("AUTH0_DOMAIN", "tenant.eu.auth0.com"),
        ("AUTH0_AUDIENCE", "https://other.example"),
    ];
    assert_eq!(issuer(both), issuer(&[ISSUER, AUDIENCE]));
    let warnings = read(both).unwrap().warnings;
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "AUTH0_DOMAIN=tenant.eu.auth0.com is ignored: AUTHZ_ISSUER=https://issuer.example/ comes first",
            "AUTH0_AUDIENCE=https://other.example is ignored: AUTHZ_AUDIENCE=https://api.example comes first",
        ]
    );

    let same: Variables = &[
        ISSUER,
        AUDIENCE,
        ("AUTH0_DOMAIN", "issuer.example"),
        ("AUTH0_AUDIENCE", "https://api.example"),
    ];
    assert_eq!(read(same).unwrap().warnings, []);
}

#[test]
fn plain_http_is_for_this_machine() {
    for url in [
        "http://127.0.0.1:3011/",
        "http://localhost:8080/realms/demo",
        "http://[::1]:3011/",
        "http://issuer.localhost/",
        "http://127.1.2.3",
    ] {
        for variable in ["AUTHZ_ISSUER", "AUTHZ_JWKS_URI"] {
            let config = Config::from_lookup(|name| match name {
                name if name == variable => Some(url.into()),
                "AUTHZ_ISSUER" => Some("https://issuer.example/".into()),
                "AUTHZ_AUDIENCE" => Some("https://api.example".into()),
                _ => None,
            });
            assert!(config.is_ok(), "{variable}={url}: {config:?}");
        }
    }
}

#[test]
fn origins_are_spelled_as_browsers_do() {
    for (given, origin) in [
        ("https://app.example", "https://app.example"),
        ("HTTPS://App.Example:443", "https://app.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
        ("capacitor://localhost", "capacitor://localhost"),
    ] {
        let config = Config::from_lookup(|name| {
            (name == "AUTHZ_CORS_ORIGINS").then(|| format!(" {given} ").into())
        });
        assert_eq!(config.unwrap().cors_origins, [origin], "{given}");
    }
}

#[test]
fn hosts_of_an_inner_network() {
    let trusted = issuer(&[
        ("AUTHZ_ISSUER", "http://keycloak:8080/realms/demo"),
        AUDIENCE,
        ("AUTHZ_ALLOW_HTTP", "other, Keycloak, [fd00::1], 10.0.0.7"),
    ]);
    assert_eq!(trusted.issuer, "http://keycloak:8080/realms/demo");
    assert_eq!(
        trusted.http_hosts,
        ["other", "Keycloak", "[fd00::1]", "10.0.0.7"]
    );
}

#[test]
fn hosts_and_ports() {
    for (host, port, address) in [
        ("localhost", "80", "127.0.0.1:80"),
        ("::1", "65535", "[::1]:65535"),
        ("192.0.2.7", "0", "192.0.2.7:0"),
    ] {
        let config = Config::from_lookup(|name| match name {
            "HOST" => Some(host.into()),
            "PORT" => Some(port.into()),
            _ => None,
        });
        assert_eq!(config.unwrap().address.to_string(), address);
    }
}

/// What is wrong, the variables, and what the message says: the variable, its value and what to do.
const MISTAKES: &[(&str, Variables, &[&str])] = &[
    (
        "issuer without audience",
        &[ISSUER],
        &[
            "AUTHZ_AUDIENCE is not set",
            "AUTHZ_ISSUER is",
            "give the identifier",
        ],
    ),
    (
        "domain without audience",
        &[("AUTH0_DOMAIN", "tenant.eu.auth0.com")],
        &[
            "AUTHZ_AUDIENCE is not set",
            "AUTH0_DOMAIN is",
            "AUTH0_AUDIENCE",
        ],
    ),
    (
        "issuer with an empty audience",
        &[ISSUER, ("AUTHZ_AUDIENCE", "")],
        &["AUTHZ_AUDIENCE is not set"],
    ),
    (
        "audience without issuer",
        &[AUDIENCE],
        &[
            "AUTHZ_ISSUER is not set",
            "AUTHZ_AUDIENCE is",
            "give the issuer",
        ],
    ),
    (
        "Auth0's audience without issuer",
        &[("AUTH0_AUDIENCE", "https://api.example")],
        &["AUTHZ_ISSUER is not set", "AUTH0_AUDIENCE is"],
    ),
    (
        "keys without issuer",
        &[("AUTHZ_JWKS_URI", "https://issuer.example/jwks.json")],
        &["AUTHZ_ISSUER is not set", "AUTHZ_JWKS_URI is"],
    ),
    (
        "issuer that is no URL",
        &[("AUTHZ_ISSUER", "not a url"), AUDIENCE],
        &["AUTHZ_ISSUER=\"not a url\"", "https://"],
    ),
    (
        "issuer without scheme",
        &[("AUTHZ_ISSUER", "issuer.example"), AUDIENCE],
        &["AUTHZ_ISSUER=\"issuer.example\"", "https://"],
    ),
    (
        "issuer over plain http",
        &[("AUTHZ_ISSUER", "http://issuer.example/"), AUDIENCE],
        &["AUTHZ_ISSUER=\"http://issuer.example/\"", "plain http"],
    ),
    (
        "issuer at what only begins like this machine",
        &[("AUTHZ_ISSUER", "http://127.0.0.1.example/"), AUDIENCE],
        &["AUTHZ_ISSUER", "plain http"],
    ),
    (
        "issuer with another scheme",
        &[("AUTHZ_ISSUER", "ftp://issuer.example/"), AUDIENCE],
        &["AUTHZ_ISSUER", "https://"],
    ),
    (
        "domain with a scheme",
        &[("AUTH0_DOMAIN", "https://tenant.eu.auth0.com/"), AUDIENCE],
        &[
            "AUTH0_DOMAIN=\"https://tenant.eu.auth0.com/\"",
            "leave out https://",
        ],
    ),
    (
        "domain with a path",
        &[("AUTH0_DOMAIN", "tenant.eu.auth0.com/x"), AUDIENCE],
        &["AUTH0_DOMAIN", "leave out"],
    ),
    (
        "domain with a slash at the end",
        &[("AUTH0_DOMAIN", "tenant.eu.auth0.com/"), AUDIENCE],
        &["AUTH0_DOMAIN", "leave out"],
    ),
    (
        "domain with a user",
        &[("AUTH0_DOMAIN", "me@tenant.eu.auth0.com"), AUDIENCE],
        &["AUTH0_DOMAIN", "leave out"],
    ),
    (
        "domain with spaces",
        &[("AUTH0_DOMAIN", "not a domain"), AUDIENCE],
        &["AUTH0_DOMAIN=\"not a domain\"", "as in tenant"],
    ),
    (
        "audiences, one empty",
        &[ISSUER, ("AUTHZ_AUDIENCE", "https://api.example,,")],
        &["AUTHZ_AUDIENCE=\"https://api.example,,\"", "comma"],
    ),
    (
        "keys at no URL",
        &[ISSUER, AUDIENCE, ("AUTHZ_JWKS_URI", "keys.json")],
        &["AUTHZ_JWKS_URI=\"keys.json\"", "https://"],
    ),
    (
        "keys over plain http",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_JWKS_URI", "http://issuer.example/jwks.json"),
        ],
        &["AUTHZ_JWKS_URI", "plain http"],
    ),
    (
        "unknown algorithm",
        &[("AUTHZ_ALGORITHMS", "RS256,rs384")],
        &[
            "AUTHZ_ALGORITHMS=\"RS256,rs384\"",
            "\"rs384\"",
            "use one of RS256",
        ],
    ),
    (
        "no algorithm",
        &[("AUTHZ_ALGORITHMS", "none")],
        &["AUTHZ_ALGORITHMS=\"none\"", "use one of RS256"],
    ),
    (
        "algorithms, one empty",
        &[("AUTHZ_ALGORITHMS", "RS256,")],
        &["AUTHZ_ALGORITHMS", "comma"],
    ),
    (
        "algorithm with a secret",
        &[("AUTHZ_ALGORITHMS", "RS256,HS256")],
        &["AUTHZ_ALGORITHMS", "HS256", "secret", "public keys only"],
    ),
    (
        "port that is a name",
        &[("PORT", "http")],
        &["PORT=\"http\"", "65535"],
    ),
    (
        "port that is too high",
        &[("PORT", "65536")],
        &["PORT=\"65536\"", "65535"],
    ),
    (
        "port below zero",
        &[("PORT", "-1")],
        &["PORT=\"-1\"", "65535"],
    ),
    (
        "host that is none",
        &[("HOST", "not an address")],
        &["HOST=\"not an address\"", "127.0.0.1"],
    ),
    (
        "host with a port",
        &[("HOST", "127.0.0.1:80")],
        &["HOST=\"127.0.0.1:80\"", "IP address"],
    ),
    (
        "resource that is a path",
        &[("AUTHZ_RESOURCE", "/api")],
        &["AUTHZ_RESOURCE=\"/api\"", "absolute", "RFC 9728"],
    ),
    (
        "resource with a fragment",
        &[("AUTHZ_RESOURCE", "https://api.example/#x")],
        &["AUTHZ_RESOURCE", "fragment"],
    ),
    (
        "resource by plain http",
        &[("AUTHZ_RESOURCE", "http://api.internal/")],
        &["AUTHZ_RESOURCE", "absolute https URL", "plain http"],
    ),
    (
        "resource that is a name",
        &[("AUTHZ_RESOURCE", "urn:api")],
        &["AUTHZ_RESOURCE", "absolute"],
    ),
    (
        "log filter",
        &[("RUST_LOG", "authz_core=loud")],
        &["RUST_LOG=\"authz_core=loud\"", "info"],
    ),
];

#[test]
fn mistakes_say_which_variable_and_what_to_do() {
    for (name, variables, parts) in MISTAKES {
        let error = read(variables).expect_err(name).to_string();
        for part in *parts {
            assert!(error.contains(part), "{name}: {part:?} not in: {error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text() {
    use std::os::unix::ffi::OsStringExt as _;

    let config = Config::from_lookup(|name| {
        (name == "AUTHZ_AUDIENCE").then(|| OsString::from_vec(b"\xff".into()))
    });
    let error = config.unwrap_err().to_string();
    assert!(
        error.contains("AUTHZ_AUDIENCE=") && error.contains("UTF-8"),
        "{error}"
    );
}
