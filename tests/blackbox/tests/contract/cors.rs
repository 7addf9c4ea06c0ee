//! `AUTHZ_CORS_ORIGINS`: what pages of other origins meet.

use std::{collections::BTreeSet, time::Duration};

use blackbox::{
    http::{Request, Response},
    server::{Launch, Server},
};

use crate::{
    preflight::PATHS,
    stage::{self, Issuer, Subject},
};

const ORIGINS: &str = "https://app.example, http://localhost:5173";

fn configured(subject: Subject, issuer: &Issuer) -> Launch {
    stage::configured(subject, issuer).env("AUTHZ_CORS_ORIGINS", ORIGINS)
}

fn preflight(path: &str, origin: &str, method: &str) -> Request {
    Request::new("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
}

/// The layer's answer names the same methods and fields whatever the preflight asks for: the browser
/// compares them.
pub(crate) fn preflights(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(configured(subject, &issuer));
    let asks_for = |fields: &str| {
        preflight("/api/messages", "https://app.example", "POST")
            .header("Access-Control-Request-Headers", fields)
    };
    let fields = [
        asks_for("authorization"),
        asks_for("authorization,content-type"),
        asks_for("Authorization, Content-Type"),
        asks_for("x-other"),
        asks_for("authorization, x-other"),
        asks_for(""),
        asks_for("authorization").bearer("x"),
    ];
    let mut requests: Vec<_> = fields.map(|it| ("https://app.example", it)).into();
    for origin in ["https://app.example", "http://localhost:5173"] {
        for (path, _) in PATHS {
            requests.push((origin, preflight(path, origin, "GET")));
        }
        for method in ["HEAD", "POST", "DELETE", "get", "a b"] {
            requests.push((origin, preflight("/api/private", origin, method)));
        }
    }
    for (origin, request) in requests {
        let answer = stage::send(&server, &request);
        let context = format!("{request:?}\n{answer:?}");
        assert!(matches!(answer.status(), 200 | 204), "{context}");
        assert_eq!(answer.header("www-authenticate"), None, "{context}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, Some(origin), "{context}");
        assert_eq!(
            vary(&answer),
            ["origin"].map(str::to_owned).into(),
            "{context}"
        );
        assert_eq!(
            list(&answer, "access-control-allow-methods"),
            ["get", "head", "post"].map(str::to_owned).into(),
            "{context}"
        );
        assert_eq!(
            list(&answer, "access-control-allow-headers"),
            ["authorization", "content-type", "dpop"]
                .map(str::to_owned)
                .into(),
            "{context}"
        );
    }
}

/// Nothing says that such an origin is refused: the browser does not see that it is allowed.
pub(crate) fn other_origins(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(configured(subject, &issuer));
    let token = issuer.token().scope("read:messages").build();
    for origin in [
        "https://other.example",
        "https://app.example.other.example",
        "http://app.example",
        "https://app.example:8443",
        "http://localhost",
        "null",
        "",
    ] {
        let asked = preflight("/api/private", origin, "GET");
        let with_origin = |request: Request| request.header("Origin", origin);
        for (request, status) in [
            (asked, 204),
            (with_origin(Request::get("/api/public")), 200),
            (with_origin(Request::get("/api/private")), 401),
            (
                with_origin(Request::get("/api/private").bearer(&token)),
                200,
            ),
            (with_origin(Request::new("OPTIONS", "/api/private")), 401),
            (with_origin(Request::get("/api/nothing")), 404),
        ] {
            let answer = stage::send(&server, &request);
            let context = format!("{request:?}\n{answer:?}");
            assert_eq!(answer.status(), status, "{context}");
            let mut names = answer.headers().iter().map(|(name, _)| name);
            let named = names.find(|name| name.starts_with("access-control-"));
            assert_eq!(named, None, "{context}");
            assert!(vary(&answer).contains("origin"), "{context}");
        }
    }
    // A cache keeps the answer to a request without an origin apart as well.
    assert!(vary(&stage::get(&server, "/api/public")).contains("origin"));
}

/// Answers of every kind can be read by the pages that may call, the challenge too.
pub(crate) fn every_answer(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(configured(subject, &issuer));
    let reader = issuer.token().scope("read:messages").build();
    let writer = issuer.token().scope("write:messages").build();
    let get = Request::get;
    let post = || Request::post("/api/messages").bearer(&writer);
    for (request, status) in [
        (get("/api/public"), 200),
        (get("/healthz"), 200),
        (get("/.well-known/oauth-protected-resource"), 200),
        (get("/api/private").bearer(&reader), 200),
        (Request::new("HEAD", "/api/private").bearer(&reader), 200),
        (post().json(r#"{"text":"hello"}"#), 201),
        (post().json("{}"), 400),
        (get("/api/private").bearer("a b"), 400),
        (get("/api/private"), 401),
        (get("/api/private").bearer("x"), 401),
        (get("/api/private").bearer(&writer), 403),
        (get("/api/nothing"), 404),
        (Request::new("DELETE", "/api/public"), 405),
        (post().form("text=x"), 415),
    ] {
        can_be_read(&server, request, status);
    }
}

pub(crate) fn answers_without_keys(subject: Subject) {
    let issuer = Issuer::start();
    let token = issuer.token().scope("read:messages").build();
    issuer.go_offline();
    let server = configured(subject, &issuer).start().unwrap();
    can_be_read(&server, Request::get("/api/private").bearer(token), 503);
    can_be_read(&server, Request::get("/readyz"), 503);
}

/// `OPTIONS` without `Access-Control-Request-Method` is no preflight: the layer leaves it to the
/// guard, and the page can read the answer.
pub(crate) fn options_that_are_no_preflights(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::start_ready(configured(subject, &issuer));
    let token = issuer.token().scope("read:messages").build();
    let options = |path| Request::new("OPTIONS", path);
    can_be_read(&server, options("/api/private"), 401);
    can_be_read(&server, options("/api/private").bearer("x"), 401);
    can_be_read(&server, options("/api/private").bearer(token), 204);
    can_be_read(&server, options("/healthz"), 405);
    can_be_read(&server, options("/api/nothing"), 404);
}

fn can_be_read(server: &Server, request: Request, status: u16) {
    let answer = stage::send(server, &request.header("Origin", "https://app.example"));
    let context = format!("{answer:?}");
    assert_eq!(answer.status(), status, "{context}");
    let origins: Vec<_> = answer
        .header_values("access-control-allow-origin")
        .collect();
    assert_eq!(origins, ["https://app.example"], "{context}");
    let exposed = list(&answer, "access-control-expose-headers");
    assert!(exposed.contains("www-authenticate"), "{context}");
    assert!(vary(&answer).contains("origin"), "{context}");
    if matches!(status, 401 | 403) {
        assert!(answer.header("www-authenticate").is_some(), "{context}");
    }
}

pub(crate) fn mistakes(subject: Subject) {
    for origins in [
        "*",
        "https://*.app.example",
        "app.example",
        "https://",
        "https://app.example/",
        "https://app.example/path",
        "https://app.example,",
        "https://user@app.example",
        "https://app.example https://other.example",
        "null",
    ] {
        let exit = stage::program(subject)
            .env("PORT", "0")
            .env("AUTHZ_CORS_ORIGINS", origins)
            .run(Duration::from_secs(10))
            .unwrap_or_else(|error| panic!("{origins}: {error}"));
        assert_eq!(exit.code(), Some(2), "{origins}: {exit:?}");
        assert!(
            exit.stderr().contains("AUTHZ_CORS_ORIGINS"),
            "{origins}: {exit:?}"
        );
        assert!(!exit.stdout().contains("listening"), "{origins}: {exit:?}");
        assert!(!exit.stderr().contains("panicked"), "{origins}: {exit:?}");
    }
}

fn vary(answer: &Response) -> BTreeSet<String> {
    list(answer, "vary")
}

/// The elements of a header's list, in lower case.
fn list(answer: &Response, name: &str) -> BTreeSet<String> {
    let elements = answer.header_values(name).flat_map(|it| it.split(','));
    elements.map(|it| it.trim().to_ascii_lowercase()).collect()
}
