//! CORS preflights where no origin is allowed: the server answers them, and asks for no token.

use blackbox::http::Request;

use crate::{
    case::{NO_TOKEN_TO_READ, case, check_all},
    stage::{self, Issuer, Subject},
};

pub(crate) fn preflight(path: &str) -> Request {
    Request::new("OPTIONS", path)
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "authorization")
}

/// Paths, and the methods that `Allow` names there.
pub(crate) const PATHS: &[(&str, &str)] = &[
    ("/api/public", "GET, HEAD, OPTIONS"),
    ("/api/private", "GET, HEAD, OPTIONS"),
    ("/api/private?page=2", "GET, HEAD, OPTIONS"),
    ("/api/messages", "GET, HEAD, POST, OPTIONS"),
    ("/api/orgs/acme/messages", "GET, HEAD, POST, OPTIONS"),
    ("/api/me", "GET, HEAD, OPTIONS"),
    ("/healthz", "GET, HEAD"),
    ("/readyz", "GET, HEAD"),
    ("/.well-known/oauth-protected-resource", "GET, HEAD"),
    ("/api/nothing", "GET, HEAD, POST, OPTIONS"),
    ("/api/private/", "GET, HEAD, POST, OPTIONS"),
    ("/", "GET, HEAD, POST, OPTIONS"),
];

pub(crate) fn answered_by_the_server(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    for (path, allow) in PATHS {
        let preflight = preflight(path);
        for request in [preflight.clone(), preflight.bearer("x")] {
            let answer = stage::send(&server, &request);
            assert_eq!(answer.status(), 204, "{path}: {answer:?}");
            assert_eq!(answer.header("allow"), Some(*allow), "{path}");
            let others = answer.headers().iter().map(|(name, _)| name.as_str());
            let others: Vec<_> = others
                .filter(|name| !matches!(*name, "allow" | "date" | "connection"))
                .collect();
            assert_eq!(others, [""; 0], "{path}");
        }
    }
}

/// What is not quite a preflight needs a token like anything else.
pub(crate) fn other_options_do_not(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let with_both = |method| {
        Request::new(method, "/api/private")
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "GET")
    };
    let options = || Request::new("OPTIONS", "/api/private");
    let cases = [
        case("GET", with_both("GET"), NO_TOKEN_TO_READ),
        case("HEAD", with_both("HEAD"), NO_TOKEN_TO_READ),
        case("OPTIONS", options(), NO_TOKEN_TO_READ),
        case(
            "OPTIONS without an origin",
            options().header("Access-Control-Request-Method", "GET"),
            NO_TOKEN_TO_READ,
        ),
        case(
            "OPTIONS of another origin",
            options().header("Origin", "https://app.example"),
            NO_TOKEN_TO_READ,
        ),
    ];
    check_all(&server, &cases);
}
