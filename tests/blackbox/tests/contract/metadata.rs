//! The metadata of the protected resource: RFC 9728.

use blackbox::http::Request;
use serde_json::json;

use crate::{
    case::{self, Expected, case, check_all, check_refusal},
    stage::{self, Issuer, RESOURCE, Subject},
};

pub(crate) fn of_the_resource(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let answer = stage::get(&server, "/.well-known/oauth-protected-resource");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = case::json(&answer).unwrap();
    assert_eq!(document["resource"], RESOURCE);
    assert_eq!(document["authorization_servers"], json!([issuer.issuer()]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    assert_eq!(
        document["scopes_supported"],
        json!(["read:messages", "write:messages"])
    );
}

/// Clients that run in a browser read it before they have a token, whatever their origin.
pub(crate) fn can_be_read_by_everybody(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let path = "/.well-known/oauth-protected-resource";
    for request in [
        Request::get(path),
        Request::get(path).header("Origin", "https://anywhere.example"),
        Request::get(path).bearer("x"),
        Request::new("HEAD", path),
    ] {
        let answer = stage::send(&server, &request);
        let context = format!("{request:?}\n{answer:?}");
        assert_eq!(answer.status(), 200, "{context}");
        for (name, value) in [
            ("content-type", "application/json"),
            ("cache-control", "public, max-age=3600"),
            ("access-control-allow-origin", "*"),
        ] {
            let values: Vec<_> = answer.header_values(name).collect();
            assert_eq!(values, [value], "{context}");
        }
    }
    // A page of an allowed origin is told so, as in every answer.
    let launch =
        stage::configured(subject, &issuer).env("AUTHZ_CORS_ORIGINS", "https://app.example");
    let server = stage::start_ready(launch);
    for (origin, allowed) in [
        ("https://app.example", "https://app.example"),
        ("https://other.example", "*"),
    ] {
        let answer = stage::send(&server, &Request::get(path).header("Origin", origin));
        let values: Vec<_> = answer
            .header_values("access-control-allow-origin")
            .collect();
        assert_eq!(values, [allowed], "{answer:?}");
        assert_eq!(
            answer.header("vary").map(str::to_lowercase),
            Some("origin".to_owned())
        );
    }
}

pub(crate) fn is_nowhere_else(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let path = "/.well-known/oauth-protected-resource";
    let not_found =
        |name: &'static str, path: &str| case(name, Request::get(path), Expected::Problem(404));
    check_all(
        &server,
        &[
            not_found(
                "behind a prefix",
                "/api/.well-known/oauth-protected-resource",
            ),
            not_found(
                "of another resource",
                "/.well-known/oauth-protected-resource/v1",
            ),
            not_found("of a longer name", "/.well-known/oauth-protected-resources"),
            case("POST", Request::post(path), Expected::Problem(405)),
            case(
                "DELETE",
                Request::new("DELETE", path),
                Expected::Problem(405),
            ),
        ],
    );
    let answer = stage::send(&server, &Request::post(path));
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}

/// RFC 9728 section 3.1: the well-known part goes between host and path.
pub(crate) fn of_a_resource_with_a_path(subject: Subject) {
    let issuer = Issuer::start();
    // A slash at the end is part of the path.
    // What routers take for parameters is not.
    for path in ["/v1/api", "/v1/api/", "/v1:beta/:id/*"] {
        let resource = format!("https://quickstart.example{path}");
        let launch = stage::configured(subject, &issuer).env("AUTHZ_RESOURCE", &*resource);
        let server = stage::start_ready(launch);
        let answer = stage::get(&server, "/api/private");
        let well_known = "/.well-known/oauth-protected-resource";
        let place = format!("{well_known}{path}");
        let metadata = format!("https://quickstart.example{place}");
        assert_eq!(
            check_refusal(&answer, None, Some("read:messages"), Some(&metadata), false),
            Ok(())
        );
        for path in [well_known, &*place] {
            let document = case::json(&stage::get(&server, path)).unwrap();
            assert_eq!(document["resource"], resource, "{path}");
        }
        let other = format!("{well_known}/v1:other/x/y");
        assert_eq!(stage::get(&server, &other).status(), 404);
    }
}
