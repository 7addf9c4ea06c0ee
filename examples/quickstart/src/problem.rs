use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};

/// An answer other than the one asked for, for reasons that have nothing to do with tokens.
///
/// Its body looks like that of a refusal, so that clients need to understand one form only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    allow: Option<&'static str>,
}

/// Where clients look for the metadata of an API (RFC 9728 section 3). Those of a resource with a path are
/// below it as well.
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

impl Problem {
    /// 404: nothing is at this path.
    pub const NOT_FOUND: Self = Self::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path",
    );
    /// 413: the body is longer than any message.
    pub const TOO_LARGE: Self = Self::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "content_too_large",
        "the body is longer than a message may be",
    );
    /// 415: the body is no JSON, as its sender says itself.
    pub const NOT_JSON: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "send JSON, with the content type application/json",
    );

    const fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self {
            status,
            error,
            description,
            allow: None,
        }
    }

    /// 400: the body is not what the endpoint takes.
    #[must_use]
    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// 405: something is at this path, for other methods.
    #[must_use]
    pub fn method_not_allowed(path: &str) -> Self {
        Self {
            allow: Some(allowed_methods(path)),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path does not take this method",
            )
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Status, header fields and JSON body.
    #[must_use]
    pub fn into_parts(self) -> (StatusCode, HeaderMap, String) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // RFC 9110 section 15.1: a cache may keep a 404 or 405 unless told otherwise.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        let body = serde_json::json!({
            "error": self.error,
            "error_description": self.description,
        });
        (self.status, headers, body.to_string())
    }
}

impl From<Problem> for Response<String> {
    fn from(problem: Problem) -> Self {
        let (status, headers, body) = problem.into_parts();
        let mut response = Self::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}
