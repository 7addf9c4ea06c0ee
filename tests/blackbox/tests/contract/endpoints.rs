//! "Example servers": what each endpoint answers.

use blackbox::http::Request;
use serde_json::{Value, json};

use crate::{
    case::{
        self, Case, Expected, INVALID_TOKEN, NO_TOKEN_TO_READ, NO_TOKEN_TO_WRITE, UNAUTHENTICATED,
        case, check_all, insufficient_scope,
    },
    stage::{self, Issuer, Subject},
};

pub(crate) fn cases(issuer: &Issuer) -> Vec<Case> {
    let plain = issuer.token().build();
    let reader = issuer.token().scope("read:messages").build();
    let writer = issuer.token().scope("write:messages").build();
    let get = Request::get;
    let head = |path| Request::new("HEAD", path);
    let post = || Request::post("/api/messages").json(r#"{"text":"hello"}"#);
    let public = json!({ "message": "Hello from a public endpoint! You don't need to be authenticated to see this." });
    let private = json!({ "message": "Hello from a private endpoint! You need to be authenticated and have a scope of read:messages to see this." });
    vec![
        case(
            "public",
            get("/api/public"),
            Expected::Json(200, public.clone()),
        ),
        case("public, HEAD", head("/api/public"), Expected::Text(200, "")),
        // Nothing is asked for here, so nothing that is sent matters.
        case(
            "public, bad token",
            get("/api/public").bearer("x"),
            Expected::Json(200, public),
        ),
        case("private, no token", get("/api/private"), NO_TOKEN_TO_READ),
        case(
            "private, HEAD, no token",
            head("/api/private"),
            NO_TOKEN_TO_READ,
        ),
        case(
            "private, bad token",
            get("/api/private").bearer("x"),
            INVALID_TOKEN,
        ),
        case(
            "private, no scope",
            get("/api/private").bearer(&plain),
            insufficient_scope("read:messages"),
        ),
        case(
            "private, another scope",
            get("/api/private").bearer(&writer),
            insufficient_scope("read:messages"),
        ),
        case(
            "private, HEAD, no scope",
            head("/api/private").bearer(&plain),
            insufficient_scope("read:messages"),
        ),
        case(
            "private",
            get("/api/private").bearer(&reader),
            Expected::Json(200, private.clone()),
        ),
        case(
            "private, with a query",
            get("/api/private?page=2").bearer(&reader),
            Expected::Json(200, private),
        ),
        case(
            "private, HEAD",
            head("/api/private").bearer(&reader),
            Expected::Text(200, ""),
        ),
        case("messages, no token", get("/api/messages"), NO_TOKEN_TO_READ),
        case(
            "messages, no scope",
            get("/api/messages").bearer(&writer),
            insufficient_scope("read:messages"),
        ),
        case(
            "messages, HEAD",
            head("/api/messages").bearer(&reader),
            Expected::Text(200, ""),
        ),
        case("write, no token", post(), NO_TOKEN_TO_WRITE),
        case(
            "write, no scope",
            post().bearer(&reader),
            insufficient_scope("write:messages"),
        ),
        case("me, no token", get("/api/me"), UNAUTHENTICATED),
        case(
            "me, HEAD",
            head("/api/me").bearer(&plain),
            Expected::Text(200, ""),
        ),
        case("healthz", get("/healthz"), Expected::Text(200, "ok")),
        case("healthz, HEAD", head("/healthz"), Expected::Text(200, "")),
        case("readyz", get("/readyz"), Expected::Text(200, "ready")),
        case("unknown path", get("/api/nothing"), Expected::Problem(404)),
        // The target of a request to a proxy has no path.
        case(
            "no path",
            Request::new("CONNECT", "api.example:443"),
            Expected::Problem(404),
        ),
        case("no path, GET", get("api.example"), Expected::Problem(404)),
        case(
            "unknown path, bad token",
            get("/").bearer("x"),
            Expected::Problem(404),
        ),
        case(
            "unknown method",
            Request::new("DELETE", "/api/public"),
            Expected::Problem(405),
        ),
    ]
}

pub(crate) fn answers(subject: Subject) {
    let issuer = Issuer::start();
    check_all(&stage::ready(subject, &issuer), &cases(&issuer));
}

pub(crate) fn messages_are_stored(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let both = issuer.token().scope("read:messages write:messages").build();
    let list = || {
        let answer = stage::send(&server, &Request::get("/api/messages").bearer(&both));
        assert_eq!(answer.status(), 200);
        let Ok(Value::Array(messages)) = case::json(&answer) else {
            panic!("not an array: {answer:?}");
        };
        messages
    };

    let before = list();
    let post = Request::post("/api/messages").bearer(&both);
    let answer = stage::send(&server, &post.json(r#"{"text":"hello \u00e9 there"}"#));
    assert_eq!(answer.status(), 201, "{answer:?}");
    let stored = case::json(&answer).unwrap();
    assert_eq!(stored["text"], "hello é there");
    let after = list();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.last(), Some(&stored));

    // A body that is no message is the caller's mistake, and stores nothing.
    check_all(&server, &no_messages(&issuer));
    assert_eq!(list().len(), after.len());
}

pub(crate) fn no_messages(issuer: &Issuer) -> Vec<Case> {
    let token = issuer.token().scope("write:messages").build();
    let post = || Request::post("/api/messages").bearer(&token);
    let json = |name, body: &str, status| case(name, post().json(body), Expected::Problem(status));
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(100_000));
    vec![
        json("no body", "", 400),
        json("no JSON", "x", 400),
        json("JSON cut off", r#"{"text":"x""#, 400),
        json("no text", "{}", 400),
        json("text is no string", r#"{"text":1}"#, 400),
        json("text is empty", r#"{"text":""}"#, 400),
        json("an array", r#"["text"]"#, 400),
        json("null", "null", 400),
        json("too long", &long, 413),
        case("a form", post().form("text=x"), Expected::Problem(415)),
        case(
            "no content type",
            post().header("Content-Length", "0"),
            Expected::Problem(415),
        ),
    ]
}

pub(crate) fn about_the_caller(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let token = issuer
        .token()
        .subject("someone")
        .scope("write:messages read:messages")
        .claim("exp", 4_000_000_000_u32)
        .claim("https://quickstart.example/team", "blue");
    let request = Request::get("/api/me").bearer(token.build());
    let me = case::json(&stage::send(&server, &request)).unwrap();
    assert_eq!(me["sub"], "someone");
    let mut scopes: Vec<&str> = me["scopes"]
        .as_array()
        .expect("scopes is an array")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["read:messages", "write:messages"]);
    assert!(!me["expires_at"].is_null(), "{me}");
    assert!(
        me.to_string().contains("blue"),
        "the other verified claims are missing: {me}"
    );

    let without_scope = Request::get("/api/me").bearer(issuer.token().build());
    let me = case::json(&stage::send(&server, &without_scope)).unwrap();
    assert_eq!(me["scopes"], json!([]));
}
