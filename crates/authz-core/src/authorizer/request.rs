use http::{HeaderMap, Method, Uri, header::ACCESS_CONTROL_REQUEST_METHOD};

/// The parts of a request that a decision depends on, borrowed from whatever holds them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestParts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestParts<'a> {
    /// These parts.
    #[must_use]
    pub const fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self {
            method,
            uri,
            headers,
        }
    }

    /// Whether this is a CORS preflight, which browsers send without credentials (Fetch standard,
    /// section "CORS-preflight fetch").
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.method == Method::OPTIONS && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}

impl<'a, B> From<&'a http::Request<B>> for RequestParts<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        Self::new(request.method(), request.uri(), request.headers())
    }
}

impl<'a> From<&'a http::request::Parts> for RequestParts<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers)
    }
}
