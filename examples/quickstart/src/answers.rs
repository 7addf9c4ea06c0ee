//! The responses of the endpoints, except those about tokens.

use std::time::UNIX_EPOCH;

use authz_core::{Authorized, Authorizer, Binding};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

/// The scope for reading.
pub const READ: &str = "read:messages";
/// The scope for writing.
pub const WRITE: &str = "write:messages";

/// A greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hello {
    message: &'static str,
}

/// The answer of the public endpoint.
pub const PUBLIC: Hello = Hello {
    message: "Hello from a public endpoint! You don't need to be authenticated to see this.",
};
/// The answer of the private endpoint.
pub const PRIVATE: Hello = Hello {
    message: "Hello from a private endpoint! You need to be authenticated and have a scope of \
              read:messages to see this.",
};

/// Returns the answer of `/api/me` to this caller.
#[must_use]
pub fn me(caller: &Authorized) -> Value {
    let expires_at = caller.expires_at().duration_since(UNIX_EPOCH);
    json!({
        "sub": caller.subject(),
        "scopes": caller.scopes(),
        // Seconds since 1970, like the claim `exp`.
        "expires_at": expires_at.unwrap_or_default().as_secs(),
        // What the token is bound to, and how the caller proved that it is theirs.
        "cnf": caller.claims().get("cnf"),
        "bound": caller.binding().map(Binding::name),
        // In their own object, because a claim may have any name, even `scopes`.
        "claims": caller.claims(),
    })
}

/// Returns the answer of `/readyz`: the API is ready once it has the issuer's keys.
#[must_use]
pub fn readiness(authorizer: &Authorizer) -> (StatusCode, &'static str) {
    match authorizer.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "no keys yet"),
    }
}

/// An error response that has nothing to do with tokens: status, header fields and JSON body. The body
/// has the form of a rejection's.
pub type Problem = (StatusCode, HeaderMap, String);

pub(crate) fn problem(status: StatusCode, error: &str, description: &str) -> Problem {
    let value = HeaderValue::from_static;
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, value("application/json")),
        // RFC 9110 section 15.1: a cache may keep a 404 or 405 unless told otherwise.
        (header::CACHE_CONTROL, value("no-store")),
    ]);
    let body = json!({ "error": error, "error_description": description });
    (status, headers, body.to_string())
}

/// Returns the 404 for a path that does not exist.
#[must_use]
pub fn not_found() -> Problem {
    let description = "there is nothing at this path";
    problem(StatusCode::NOT_FOUND, "not_found", description)
}

/// Returns the 405 for a path that exists for other methods.
#[must_use]
pub fn method_not_allowed(path: &str) -> Problem {
    let (status, error) = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    let mut problem = problem(status, error, "this path does not take this method");
    let methods = HeaderValue::from_static(allowed_methods(path));
    problem.1.insert(header::ALLOW, methods);
    problem
}

/// The path of the API's metadata (RFC 9728 section 3). If the resource has a path, its metadata is
/// also below this path.
pub const METADATA: &str = "/.well-known/oauth-protected-resource";

/// Returns the methods of a path for `Allow` (RFC 9110 section 10.2.1). For a path that does not exist
/// these are the methods of all paths together.
#[must_use]
pub fn allowed_methods(path: &str) -> &'static str {
    match path {
        "/api/public" | "/api/private" | "/api/me" => "GET, HEAD, OPTIONS",
        "/healthz" | "/readyz" | "/openapi.json" | "/docs" => "GET, HEAD",
        path if path.starts_with(METADATA) || path.starts_with("/docs/") => "GET, HEAD",
        _ => "GET, HEAD, POST, OPTIONS",
    }
}
