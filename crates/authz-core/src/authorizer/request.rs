use std::borrow::Cow;

use http::{HeaderMap, Method, Uri, header::ACCESS_CONTROL_REQUEST_METHOD};

use super::PathParams;

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
    path_params: Option<&'a dyn PathParams>,
}

impl<'a> RequestParts<'a> {
    /// These parts.
    #[must_use]
    pub const fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self {
            method,
            uri,
            headers,
            path_params: None,
        }
    }

    /// These parts, and the parameters that a router found in the path: what a policy calls
    /// [`path`](crate::policy::path).
    #[must_use]
    pub const fn with_path_params(self, path_params: &'a dyn PathParams) -> Self {
        Self {
            path_params: Some(path_params),
            ..self
        }
    }

    /// These parts with the target that the client sent, for frameworks whose nested routers see
    /// only what the outer ones have left of the path.
    ///
    /// `original` is taken if its path ends with the one seen here. If not, something else than nesting
    /// has rewritten the path, and what it was rewritten to is what will be served.
    #[must_use]
    pub fn with_original_uri(self, original: &'a Uri) -> Self {
        let left = self.uri.path();
        if left == "/" || original.path().ends_with(left) {
            Self {
                uri: original,
                ..self
            }
        } else {
            self
        }
    }

    pub(super) const fn without_path_params(self) -> Self {
        Self {
            path_params: None,
            ..self
        }
    }

    /// The path parameter `name`, percent-decoded.
    #[must_use]
    pub fn path_param(&self, name: &str) -> Option<Cow<'a, str>> {
        self.path_params?.get(name)
    }

    /// Whether this is a CORS preflight, which browsers send without credentials (Fetch standard,
    /// section "CORS-preflight fetch").
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.method == Method::OPTIONS && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}

/// A request's parts for a decision that comes later, after a wait for keys.
pub(super) struct OwnedParts {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    path_params: Vec<(String, String)>,
}

impl OwnedParts {
    /// `path_params` are the names of those to keep: the ones that the policy asks for.
    pub(super) fn new(parts: &RequestParts<'_>, path_params: &[&str]) -> Self {
        let param = |name: &&str| Some(((*name).to_owned(), parts.path_param(name)?.into_owned()));
        Self {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            path_params: path_params.iter().filter_map(param).collect(),
        }
    }

    pub(super) fn borrow(&self) -> RequestParts<'_> {
        RequestParts::new(&self.method, &self.uri, &self.headers)
            .with_path_params(&self.path_params)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_undone_and_nothing_else() {
        for (original, seen, whole) in [
            ("/api/orgs/a", "/orgs/a", "/api/orgs/a"),
            ("/api", "/", "/api"),
            ("/a", "/a", "/a"),
            // Rewritten: what is served is what counts.
            ("/public", "/admin", "/admin"),
            // A request that was made by hand, as frameworks' test clients do.
            ("/", "/a", "/a"),
        ] {
            let uris: [Uri; 2] = [original, seen].map(|it| it.parse().unwrap());
            let headers = HeaderMap::new();
            let parts = RequestParts::new(&Method::GET, &uris[1], &headers);
            assert_eq!(parts.with_original_uri(&uris[0]).uri.path(), whole);
        }
    }
}
