//! CORS: which pages of other origins may call this API (Fetch standard, "HTTP CORS protocol").

use std::sync::Arc;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
};

use crate::allowed_methods;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The origins whose pages may call this API, with their allowed methods and fields.
///
/// Each server mounts its framework's CORS layer outside of everything else. The layers agree on
/// requests from allowed origins. Some respond with 403 or 405 to other origins and to preflights that
/// request too much, or never pass `OPTIONS` requests on. [`route`](Self::route) bypasses the layer for
/// those requests.
#[derive(Clone, Debug, Default)]
pub struct Cors(Arc<[HeaderValue]>);

/// Who answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorsRoute {
    /// The framework's CORS layer, which passes on everything but preflights.
    Layer,
    /// The application, without the layer.
    Application,
    /// Neither: the request is a preflight, and the answer is 204.
    NoContent,
}

impl Cors {
    /// The methods allowed for pages of other origins.
    pub const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
    /// The allowed request fields, in addition to those that any page may send.
    pub const REQUEST_HEADERS: [HeaderName; 3] = [AUTHORIZATION, CONTENT_TYPE, DPOP];
    /// The readable response fields, in addition to those that any page may read: the challenge names
    /// the reason for a rejection (RFC 6750 section 3), and a proof may need the nonce (RFC 9449 section 8).
    pub const RESPONSE_HEADERS: [HeaderName; 2] = [WWW_AUTHENTICATE, DPOP_NONCE];

    pub(crate) fn new(origins: Vec<HeaderValue>) -> Self {
        Self(origins.into())
    }

    /// Returns the allowed origins, as browsers spell them in `Origin`.
    #[must_use]
    pub fn origins(&self) -> &[HeaderValue] {
        &self.0
    }

    /// Decides who answers the request with this method, path and header fields, and which fields the
    /// server adds to the answer.
    #[must_use]
    pub fn route(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> (CorsRoute, HeaderMap) {
        let value = HeaderValue::from_static;
        let mut fields = HeaderMap::new();
        if !self.0.is_empty() {
            // Without it, a cache could serve one origin the response to another.
            fields.insert("vary", value("Origin"));
        }
        let origin = headers.get("origin");
        let allowed = origin.filter(|origin| self.0.contains(origin));
        let asked = headers.get("access-control-request-method");
        let preflight = asked.filter(|_| method == Method::OPTIONS && origin.is_some());
        let is_for_layer = match preflight {
            Some(asked) => Self::METHODS.iter().any(|it| it.as_str() == asked) && may_send(headers),
            None => method != Method::OPTIONS,
        };
        if allowed.is_some() && is_for_layer {
            return (CorsRoute::Layer, fields);
        }
        if let Some(origin) = allowed {
            fields.insert("access-control-allow-origin", origin.clone());
            fields.insert(
                "access-control-expose-headers",
                value("www-authenticate, dpop-nonce"),
            );
        }
        if preflight.is_none() {
            return (CorsRoute::Application, fields);
        }
        if allowed.is_some() {
            fields.insert("access-control-allow-methods", value("GET, HEAD, POST"));
            let names = value("authorization, content-type, dpop");
            fields.insert("access-control-allow-headers", names);
        }
        fields.insert("allow", value(allowed_methods(path)));
        (CorsRoute::NoContent, fields)
    }
}

/// Returns `true` if the preflight asks for allowed fields only.
fn may_send(headers: &HeaderMap) -> bool {
    let mut asked = headers.get_all("access-control-request-headers").iter();
    let is_allowed = |name: &str| {
        (Cors::REQUEST_HEADERS.iter()).any(|it| it.as_str().eq_ignore_ascii_case(name.trim()))
    };
    asked.all(|value| value.to_str().is_ok_and(|it| it.split(',').all(is_allowed)))
}
