//! What a decision may look at: a request's method, target, header fields and path parameters.

mod path_params;

use std::{borrow::Cow, fmt};

use http::{
    HeaderMap, Method, Uri,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
};

pub use self::path_params::PathParams;
use crate::untrusted::Excerpt;

/// The parts of a request that a decision depends on, borrowed from whatever holds them.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RequestParts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The target that the client sent, where that is not known to be `uri`.
    original_uri: Option<&'a Uri>,
    /// The pattern of the route that the request was matched to.
    route: Option<&'a str>,
    /// The path for the log, where `uri` is not the request's.
    shown_path: Option<&'a str>,
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
            original_uri: None,
            route: None,
            shown_path: None,
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

    /// These parts with the target that the client sent, for frameworks in which nested routers or
    /// rewrites change what is seen later. [`RulePaths`](crate::RulePaths) says which of the two a table
    /// of rules looks at.
    #[must_use]
    pub const fn with_original_uri(self, original: &'a Uri) -> Self {
        Self {
            original_uri: Some(original),
            ..self
        }
    }

    /// These parts with the pattern of the route that a router matched, as `/orgs/{org}`, for the log.
    #[must_use]
    pub const fn with_route(self, route: &'a str) -> Self {
        Self {
            route: Some(route),
            ..self
        }
    }

    /// These parts with the path that the log shows, for an adapter that gives no `uri` because no
    /// decision depends on it.
    #[must_use]
    pub const fn with_shown_path(self, path: &'a str) -> Self {
        Self {
            shown_path: Some(path),
            ..self
        }
    }

    /// The path that the client sent.
    pub(crate) fn original_path(&self) -> &'a str {
        self.original_uri.unwrap_or(self.uri).path()
    }

    /// The path as routers and rewrites have left it.
    #[cfg(feature = "rules")]
    pub(crate) fn current_path(&self) -> &'a str {
        self.uri.path()
    }

    /// The names of the path parameters that the router has found.
    pub(crate) fn path_param_names(&self) -> Vec<Cow<'a, str>> {
        self.path_params.map_or_else(Vec::new, PathParams::names)
    }

    pub(crate) fn shown_method(&self) -> Excerpt<'a> {
        Excerpt(self.method.as_str())
    }

    pub(crate) fn shown_route(&self) -> Option<Excerpt<'a>> {
        self.route.map(Excerpt)
    }

    /// For requests of which no route is known.
    pub(crate) fn shown_path(&self) -> Option<Excerpt<'a>> {
        let path = || self.shown_path.unwrap_or_else(|| self.original_path());
        (self.route.is_none()).then(|| Excerpt(path()))
    }

    pub(crate) const fn without_path_params(self) -> Self {
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
    /// section "CORS-preflight fetch"). A guard treats it as any other request.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.method == Method::OPTIONS
            && self.headers.contains_key(ORIGIN)
            && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}

/// A request's parts for a decision that comes later, after a wait for keys.
pub(crate) struct OwnedParts {
    method: Method,
    uri: Uri,
    original_uri: Option<Uri>,
    route: Option<Box<str>>,
    shown_path: Option<Box<str>>,
    headers: HeaderMap,
    path_params: Vec<(String, String)>,
}

impl OwnedParts {
    /// What the log says of a request, the path parameters named, and the header fields if asked for.
    pub(crate) fn new(parts: &RequestParts<'_>, headers: bool, path_params: &[&str]) -> Self {
        let param = |name: &&str| Some(((*name).to_owned(), parts.path_param(name)?.into_owned()));
        Self {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            original_uri: parts.original_uri.cloned(),
            route: parts.route.map(Box::from),
            shown_path: parts.shown_path.map(Box::from),
            headers: if headers {
                parts.headers.clone()
            } else {
                HeaderMap::new()
            },
            path_params: path_params.iter().filter_map(param).collect(),
        }
    }

    pub(crate) fn borrow(&self) -> RequestParts<'_> {
        RequestParts {
            original_uri: self.original_uri.as_ref(),
            route: self.route.as_deref(),
            shown_path: self.shown_path.as_deref(),
            ..RequestParts::new(&self.method, &self.uri, &self.headers)
                .with_path_params(&self.path_params)
        }
    }
}

/// Neither the headers nor the query: credentials stand in both.
impl fmt::Debug for RequestParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestParts")
            .field("method", &self.shown_method())
            .field("route", &self.shown_route())
            .field("path", &self.shown_path())
            .finish_non_exhaustive()
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
