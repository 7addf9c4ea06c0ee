//! CORS preflights pass; nothing else does without a token.

use blackbox::http::Request;

use crate::stage::{self, Issuer, Subject};

pub(crate) fn preflight(path: &str) -> Request {
    Request::new("OPTIONS", path)
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "authorization")
}

/// The application answers, not the authorization: whatever it says, it asks for no token.
pub(crate) fn passes(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    for path in [
        "/api/private",
        "/api/messages",
        "/api/orgs/acme/messages",
        "/api/me",
    ] {
        let answer = stage::send(&server, &preflight(path));
        assert!(
            !matches!(answer.status(), 400 | 401 | 403 | 500..),
            "{path}: {answer:?}"
        );
        assert_eq!(answer.header("www-authenticate"), None, "{path}");
    }
}

/// The header of a preflight on another method opens nothing.
pub(crate) fn other_options_do_not(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    for method in ["GET", "HEAD"] {
        let request = Request::new(method, "/api/private")
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "GET");
        let answer = stage::send(&server, &request);
        assert_eq!(answer.status(), 401, "{method}");
    }
    let answer = stage::send(&server, &Request::new("OPTIONS", "/api/private"));
    assert!(
        (400..500).contains(&answer.status()),
        "without Access-Control-Request-Method it is no preflight: {answer:?}"
    );
}
