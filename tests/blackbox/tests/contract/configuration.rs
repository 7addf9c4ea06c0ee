//! Configuration by environment variables, and what is said about mistakes in it.

use std::{env, fs, process, time::Duration};

use blackbox::http::{Request, split_url};
use serde_json::json;

use crate::{
    case::{self, Expected, INVALID_TOKEN, NO_TOKEN_TO_READ, case, check_all},
    stage::{self, Issuer, RESOURCE, Subject},
};

const ISSUER: (&str, &str) = ("AUTHZ_ISSUER", "https://issuer.example/");
const AUDIENCE: (&str, &str) = ("AUTHZ_AUDIENCE", "https://api.example");

const KEYS: &str = "https://keys.example/jwks.json";
const METADATA: (&str, &str) = ("AUTHZ_DISCOVERY_URL", "https://inner.example/metadata");

type Variables = &'static [(&'static str, &'static str)];

/// What is wrong, the variables, and what stderr has to name.
const MISTAKES: &[(&str, Variables, &str)] = &[
    ("issuer without audience", &[ISSUER], "AUTHZ_AUDIENCE"),
    ("audience without issuer", &[AUDIENCE], "AUTHZ_ISSUER"),
    (
        "domain without audience",
        &[("AUTH0_DOMAIN", "tenant.example")],
        "AUTH0_AUDIENCE",
    ),
    (
        "Auth0's audience without issuer",
        &[("AUTH0_AUDIENCE", "https://api.example")],
        "AUTHZ_ISSUER",
    ),
    (
        "issuer that is no URL",
        &[("AUTHZ_ISSUER", "not a url"), AUDIENCE],
        "AUTHZ_ISSUER",
    ),
    (
        "issuer without a scheme",
        &[("AUTHZ_ISSUER", "issuer.example"), AUDIENCE],
        "AUTHZ_ISSUER",
    ),
    (
        "issuer over plain http",
        &[("AUTHZ_ISSUER", "http://issuer.example/"), AUDIENCE],
        "AUTHZ_ISSUER",
    ),
    (
        "issuer with another scheme",
        &[("AUTHZ_ISSUER", "ftp://issuer.example/"), AUDIENCE],
        "AUTHZ_ISSUER",
    ),
    (
        "domain that is none",
        &[("AUTH0_DOMAIN", "not a domain"), AUDIENCE],
        "AUTH0_DOMAIN",
    ),
    (
        "audiences, one empty",
        &[ISSUER, ("AUTHZ_AUDIENCE", "https://api.example,,")],
        "AUTHZ_AUDIENCE",
    ),
    (
        "unknown algorithm",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALGORITHMS", "RS257")],
        "AUTHZ_ALGORITHMS",
    ),
    (
        "one unknown algorithm",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALGORITHMS", "RS256,rs384")],
        "AUTHZ_ALGORITHMS",
    ),
    (
        "algorithm none",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALGORITHMS", "none")],
        "AUTHZ_ALGORITHMS",
    ),
    (
        "keys at no URL",
        &[ISSUER, AUDIENCE, ("AUTHZ_JWKS_URI", "keys.json")],
        "AUTHZ_JWKS_URI",
    ),
    (
        "keys over plain http",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_JWKS_URI", "http://issuer.example/jwks.json"),
        ],
        "AUTHZ_JWKS_URI",
    ),
    (
        "keys over plain http from a host that is not listed",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_JWKS_URI", "http://keys.internal/jwks.json"),
            ("AUTHZ_ALLOW_HTTP", "other.internal"),
        ],
        "AUTHZ_JWKS_URI",
    ),
    (
        "keys and metadata at addresses of their own",
        &[ISSUER, AUDIENCE, ("AUTHZ_JWKS_URI", KEYS), METADATA],
        "AUTHZ_DISCOVERY_URL",
    ),
    (
        "metadata without issuer",
        &[METADATA],
        "AUTHZ_DISCOVERY_URL",
    ),
    (
        "metadata at no URL",
        &[ISSUER, AUDIENCE, ("AUTHZ_DISCOVERY_URL", "metadata.json")],
        "AUTHZ_DISCOVERY_URL",
    ),
    (
        "metadata over plain http",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_DISCOVERY_URL", "http://issuer.example/metadata"),
        ],
        "AUTHZ_DISCOVERY_URL",
    ),
    (
        "plain http with a scheme",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALLOW_HTTP", "http://keycloak")],
        "AUTHZ_ALLOW_HTTP",
    ),
    (
        "plain http with a port",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALLOW_HTTP", "keycloak:8080")],
        "AUTHZ_ALLOW_HTTP",
    ),
    (
        "plain http, one empty",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALLOW_HTTP", "keycloak,,other")],
        "AUTHZ_ALLOW_HTTP",
    ),
    (
        "plain http from everywhere",
        &[ISSUER, AUDIENCE, ("AUTHZ_ALLOW_HTTP", "*")],
        "AUTHZ_ALLOW_HTTP",
    ),
    (
        "certificate authorities that are not there",
        &[ISSUER, AUDIENCE, ("AUTHZ_CA_FILE", "/not/there.pem")],
        "AUTHZ_CA_FILE",
    ),
    (
        "certificate authorities in a folder",
        &[ISSUER, AUDIENCE, ("AUTHZ_CA_FILE", "/")],
        "AUTHZ_CA_FILE",
    ),
    (
        "certificate authorities in a file without any",
        &[ISSUER, AUDIENCE, ("AUTHZ_CA_FILE", stage::RULES)],
        "AUTHZ_CA_FILE",
    ),
    (
        "resource that is no URL",
        &[ISSUER, AUDIENCE, ("AUTHZ_RESOURCE", "/api")],
        "AUTHZ_RESOURCE",
    ),
    (
        "introspection of unknown tokens",
        &[ISSUER, AUDIENCE, ("AUTHZ_INTROSPECTION", "on")],
        "AUTHZ_INTROSPECTION",
    ),
    (
        "introspection without a client",
        &[ISSUER, AUDIENCE, ("AUTHZ_INTROSPECTION", "opaque")],
        "AUTHZ_CLIENT_ID",
    ),
    (
        "introspection without a secret",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_INTROSPECTION", "always"),
            ("AUTHZ_CLIENT_ID", "api"),
        ],
        "AUTHZ_CLIENT_SECRET",
    ),
    (
        "introspection with a key that can't be read",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_INTROSPECTION", "always"),
            ("AUTHZ_CLIENT_ID", "api"),
            ("AUTHZ_CLIENT_KEY", stage::RULES),
        ],
        "AUTHZ_CLIENT_KEY",
    ),
    (
        "signed introspection, neither off nor required",
        &[
            ISSUER,
            AUDIENCE,
            ("AUTHZ_INTROSPECTION", "always"),
            ("AUTHZ_INTROSPECTION_SIGNED", "true"),
        ],
        "AUTHZ_INTROSPECTION_SIGNED",
    ),
    ("port that is no number", &[("PORT", "http")], "PORT"),
    ("port that is none", &[("PORT", "70000")], "PORT"),
    (
        "host that is no address",
        &[("HOST", "not an address")],
        "HOST",
    ),
];

pub(crate) fn mistakes(subject: Subject) {
    for (name, variables, named) in MISTAKES {
        let mut launch = stage::program(subject).env("PORT", "0");
        for (variable, value) in *variables {
            launch = launch.env(variable, value);
        }
        let exit = launch
            .run(Duration::from_secs(10))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(exit.code(), Some(2), "{name}: {exit:?}");
        assert!(exit.stderr().contains(named), "{name}: {exit:?}");
        assert!(!exit.stdout().contains("listening"), "{name}: {exit:?}");
        assert!(!exit.stderr().contains("panicked"), "{name}: {exit:?}");
    }
}

pub(crate) fn several_audiences(subject: Subject) {
    let issuer = Issuer::start();
    let launch = stage::configured(subject, &issuer)
        .env("AUTHZ_AUDIENCE", "https://one.example,https://two.example");
    let server = stage::start_ready(launch);
    let call = |audience: &str| {
        let token = issuer.token().audience(audience).scope("read:messages");
        Request::get("/api/private").bearer(token.build())
    };
    let cases = [
        case(
            "the first",
            call("https://one.example"),
            Expected::Status(200),
        ),
        case(
            "the second",
            call("https://two.example"),
            Expected::Status(200),
        ),
        case("a third", call("https://three.example"), INVALID_TOKEN),
        case(
            "both in one",
            call("https://one.example,https://two.example"),
            INVALID_TOKEN,
        ),
    ];
    check_all(&server, &cases);
}

/// The short form for Auth0. Nothing answers there, which a server has to live with.
pub(crate) fn an_auth0_domain(subject: Subject) {
    let server = stage::program(subject)
        .env("PORT", "0")
        // RFC 6761: this name exists nowhere.
        .env("AUTH0_DOMAIN", "tenant.invalid")
        .env("AUTH0_AUDIENCE", "https://api.example")
        .env("AUTHZ_RESOURCE", RESOURCE)
        .start()
        .unwrap();
    let answer = stage::get(&server, "/.well-known/oauth-protected-resource");
    let document = case::json(&answer).unwrap();
    assert_eq!(
        document["authorization_servers"],
        json!(["https://tenant.invalid/"])
    );
    assert_eq!(stage::get(&server, "/readyz").status(), 503);
    check_all(
        &server,
        &[case(
            "no token",
            Request::get("/api/private"),
            NO_TOKEN_TO_READ,
        )],
    );
}

/// With `AUTHZ_JWKS_URI`, discovery is not needed.
pub(crate) fn a_key_url_of_its_own(subject: Subject) {
    let issuer = Issuer::start();
    issuer.fault_discovery(Some(authz_testkit::Fault::Status(500)));
    let launch = stage::configured(subject, &issuer).env("AUTHZ_JWKS_URI", issuer.jwks_uri());
    let server = stage::start_ready(launch);
    let token = issuer.token().scope("read:messages").build();
    let request = Request::get("/api/private").bearer(token);
    check_all(&server, &[case("good", request, Expected::Status(200))]);
    assert_eq!(issuer.requests().discovery, 0);
}

/// The issuer has another address inside a network than the one in its tokens.
pub(crate) fn metadata_at_an_address_of_their_own(subject: Subject) {
    let issuer = Issuer::start();
    for name in [
        "https://login.example/",
        "http://login.example/adfs",
        "acme",
    ] {
        let mut document = issuer.discovery_document();
        document["issuer"] = json!(name);
        issuer.set_discovery_document(Some(document));
        let launch = stage::configured(subject, &issuer)
            .env("AUTHZ_ISSUER", name)
            .env("AUTHZ_DISCOVERY_URL", issuer.discovery_uri());
        let server = stage::start_ready(launch);
        let token = || issuer.token().scope("read:messages");
        let call = |token: String| Request::get("/api/private").bearer(token);
        let cases = [
            case(
                "its own",
                call(token().issuer(name).build()),
                Expected::Status(200),
            ),
            case("by the inner address", call(token().build()), INVALID_TOKEN),
        ];
        check_all(&server, &cases);
    }
}

/// With the address of its keys given, nothing is fetched from an issuer.
pub(crate) fn an_issuer_that_is_only_compared(subject: Subject) {
    let issuer = Issuer::start();
    for name in [
        "acme.com",
        "http://adfs.example/adfs/services/trust",
        "not a url",
    ] {
        let launch = stage::configured(subject, &issuer)
            .env("AUTHZ_ISSUER", name)
            .env("AUTHZ_JWKS_URI", issuer.jwks_uri());
        let server = stage::start_ready(launch);
        let token = |name: &str| issuer.token().scope("read:messages").issuer(name).build();
        let call = |name| Request::get("/api/private").bearer(token(name));
        let cases = [
            case("to the letter", call(name), Expected::Status(200)),
            case("not quite", call(&format!("{name}/")), INVALID_TOKEN),
        ];
        check_all(&server, &cases);
    }
}

/// A host of an inner network stands behind a proxy here: its name is not known to this machine.
pub(crate) fn keys_by_plain_http(subject: Subject) {
    let issuer = Issuer::start();
    let (address, path) = split_url(&issuer.jwks_uri()).unwrap();
    let proxy = format!("http://{address}");
    let launch = stage::configured(subject, &issuer)
        .env("AUTHZ_JWKS_URI", format!("http://Keys.internal{path}"))
        .env("AUTHZ_ALLOW_HTTP", "keycloak, keys.internal")
        .env("HTTP_PROXY", &proxy)
        .env("http_proxy", &proxy)
        .env("NO_PROXY", "")
        .env("no_proxy", "");
    let server = stage::start_ready(launch);
    let token = issuer.token().scope("read:messages").build();
    let request = Request::get("/api/private").bearer(token);
    check_all(&server, &[case("good", request, Expected::Status(200))]);
    let warning = server.stderr_line("plain http", stage::SOON);
    assert!(
        warning.is_some_and(|it| it.contains("WARN") && it.contains("//Keys.internal/")),
        "{}",
        server.stderr()
    );
}

/// Whom the file's authorities vouch for is the HTTP client's matter; the others are trusted still.
pub(crate) fn a_ca_file(subject: Subject) {
    let name = format!(
        "authz-ca-{}-{:?}.pem",
        process::id(),
        std::thread::current().id()
    );
    let path = env::temp_dir().join(name);
    fs::write(&path, AUTHORITY).unwrap();
    let issuer = Issuer::start();
    let launch = stage::configured(subject, &issuer).env("AUTHZ_CA_FILE", &path);
    let server = stage::start_ready(launch);
    fs::remove_file(&path).unwrap();
    let token = issuer.token().scope("read:messages").build();
    let request = Request::get("/api/private").bearer(token);
    check_all(&server, &[case("good", request, Expected::Status(200))]);
}

/// Made with `openssl req -x509`; nobody has its key.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBjTCCATOgAwIBAgIUXCU9Jfts930NPoVUnw7d4k05k/swCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQQSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjYxMzMwNDdaGA8y
MTI2MTEwMjEzMzA0N1owGzEZMBcGA1UEAwwQQSB0ZXN0IGF1dGhvcml0eTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABMdEBFN96BOgdBTFYcPJ3sqF2ix5AyQOpH8D
x4JebpkIlBStEfznw7BrWdJXrzqoojebMKHb7mUNNxwlun56hwejUzBRMB0GA1Ud
DgQWBBQd6IYQUsUjeVyPyAFK16ZPWfKdoDAfBgNVHSMEGDAWgBQd6IYQUsUjeVyP
yAFK16ZPWfKdoDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGhm
KCWfe2dTURBVI1Cq1jJsdfgofnyut/sY7uMoiPHLAiEAt5KW9/9P2xSgozwJuGwT
saBEOOUWBqNLT63RvGVhkdU=
-----END CERTIFICATE-----
";

/// Misspelt, it would else leave the server less strict than it was meant to be, and nobody would know.
pub(crate) fn a_variable_that_means_nothing(subject: Subject) {
    let issuer = Issuer::start();
    let launch = stage::configured(subject, &issuer).env("AUTHZ_ALGORITHM", "ES256");
    let exit = stage::start_ready(launch).stop(stage::SOON).unwrap();
    assert_eq!(exit.stderr().matches("AUTHZ_").count(), 1);
    assert!(exit.stderr().contains("AUTHZ_ALGORITHM"));
}

/// A short form whose value is not that of the long form is ignored, and not silently.
pub(crate) fn short_forms(subject: Subject) {
    let issuer = Issuer::start();
    for (audience, warned) in [("https://other.example", true), (AUDIENCE.1, false)] {
        let launch = stage::configured(subject, &issuer)
            .env("AUTHZ_AUDIENCE", AUDIENCE.1)
            .env("AUTH0_AUDIENCE", audience)
            .env("AUTH0_DOMAIN", "other.example");
        let exit = stage::start_ready(launch).stop(stage::SOON).unwrap();
        let is_warned = |short: &str, long: &str| {
            let mut lines = exit.stderr().lines();
            lines.any(|line| line.contains(short) && line.contains(long))
        };
        assert!(is_warned("AUTH0_DOMAIN", "AUTHZ_ISSUER"), "{exit:?}");
        let is_warned = is_warned("AUTH0_AUDIENCE", "AUTHZ_AUDIENCE");
        assert_eq!(is_warned, warned, "{exit:?}");
    }
}

pub(crate) fn a_log_filter(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(stage::configured(subject, &issuer).env("RUST_LOG", "off"));
    let request = Request::get("/api/private").bearer("x");
    check_all(&server, &[case("refused", request, INVALID_TOKEN)]);
    let base = server.base_url();
    let exit = server.stop(stage::SOON).unwrap();
    assert_eq!(exit.stderr(), "");
    assert_eq!(exit.stdout(), format!("listening on {base}"));
}
