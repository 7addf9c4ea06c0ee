use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};

/// An error response that has nothing to do with tokens: status, header fields and JSON body.
///
/// The body looks like that of a rejection, so that clients need to understand one form only.
pub type Problem = (StatusCode, HeaderMap, String);

/// Where clients look for the metadata of an API (RFC 9728 section 3). Those of a resource with a
/// path are below it as well.
pub const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The methods of a path, as `Allow` lists them (RFC 9110 section 10.2.1); for a path where nothing
/// is, all methods that any path takes.
#[must_use]
pub fn allowed_methods(path: &str) -> &'static str {
    match path {
        "/api/public" | "/api/private" | "/api/me" => "GET, HEAD, OPTIONS",
        "/healthz" | "/readyz" => "GET, HEAD",
        path if path.starts_with(METADATA) => "GET, HEAD",
        _ => "GET, HEAD, POST, OPTIONS",
    }
}

/// 404: nothing is at this path.
#[must_use]
pub fn not_found() -> Problem {
    problem(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path",
    )
}

/// 405: something is at this path, for other methods.
#[must_use]
pub fn method_not_allowed(path: &str) -> Problem {
    let description = "this path does not take this method";
    let mut problem = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        description,
    );
    let methods = HeaderValue::from_static(allowed_methods(path));
    problem.1.insert(ALLOW, methods);
    problem
}

pub(crate) fn problem(status: StatusCode, error: &str, description: &str) -> Problem {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // RFC 9110 section 15.1: a cache may keep a 404 or 405 unless told otherwise.
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let body = serde_json::json!({ "error": error, "error_description": description });
    (status, headers.into_iter().collect(), body.to_string())
}
