//! Configuration by environment variables, and what is said about mistakes in it.

use std::time::Duration;

use blackbox::http::Request;
use serde_json::json;

use crate::{
    case::{self, Expected, INVALID_TOKEN, UNAUTHENTICATED, case, check_all},
    stage::{self, Issuer, RESOURCE, Subject},
};

const ISSUER: (&str, &str) = ("AUTHZ_ISSUER", "https://issuer.example/");
const AUDIENCE: (&str, &str) = ("AUTHZ_AUDIENCE", "https://api.example");

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
        "resource that is no URL",
        &[ISSUER, AUDIENCE, ("AUTHZ_RESOURCE", "/api")],
        "AUTHZ_RESOURCE",
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
            UNAUTHENTICATED,
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

pub(crate) fn a_log_filter(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(stage::configured(subject, &issuer).env("RUST_LOG", "off"));
    let request = Request::get("/api/private").bearer("x");
    check_all(&server, &[case("refused", request, INVALID_TOKEN)]);
    let exit = server.stop(stage::SOON).unwrap();
    assert_eq!(exit.stderr(), "");
}
