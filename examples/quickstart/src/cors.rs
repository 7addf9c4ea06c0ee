//! CORS: which pages of other origins may call this API (Fetch standard, "HTTP CORS protocol").

use std::sync::Arc;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, ALLOW, AUTHORIZATION, CONTENT_TYPE, ORIGIN, VARY,
        WWW_AUTHENTICATE,
    },
};

use crate::allowed_methods;

/// The origins whose pages may call this API, and what their requests may look like.
///
/// Each server mounts its framework's CORS layer outside of everything else. The layers agree on
/// requests from allowed origins. Some of them answer 403 or 405 to other origins and to preflights
/// that ask for more than is allowed, or never pass an `OPTIONS` request on: [`route`](Self::route)
/// keeps those requests away from the layer.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Arc<[HeaderValue]>,
}

/// Who answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsRoute {
    /// The framework's CORS layer, which passes on everything but preflights. These fields are
    /// added to its answer.
    Layer(HeaderMap),
    /// The application, without the layer. These fields are added to its answer.
    Application(HeaderMap),
    /// Neither: the request is a preflight, and the answer is 204 with these fields.
    NoContent(HeaderMap),
}

impl Cors {
    /// The methods that pages of other origins may use.
    pub const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
    /// The fields that their requests may carry, besides those that any page may send.
    pub const REQUEST_HEADERS: [HeaderName; 2] = [AUTHORIZATION, CONTENT_TYPE];
    /// The field of an answer that they may read, besides those that any page may: the challenge
    /// tells why a token was refused (RFC 6750 section 3).
    pub const RESPONSE_HEADERS: [HeaderName; 1] = [WWW_AUTHENTICATE];

    pub(crate) fn new(origins: Vec<HeaderValue>) -> Self {
        Self {
            origins: origins.into(),
        }
    }

    /// The allowed origins, as browsers spell them in `Origin`.
    #[must_use]
    pub fn origins(&self) -> &[HeaderValue] {
        &self.origins
    }

    /// Decides who answers the request with this method, path and header fields.
    #[must_use]
    pub fn route(&self, method: &Method, path: &str, headers: &HeaderMap) -> CorsRoute {
        let mut fields = HeaderMap::new();
        if !self.origins.is_empty() {
            // Without it, a cache could hand one origin what was answered to another.
            fields.insert(VARY, HeaderValue::from_static("Origin"));
        }
        let origin = headers.get(ORIGIN);
        let allowed = origin.filter(|origin| self.origins.contains(origin));
        let asked = headers.get(ACCESS_CONTROL_REQUEST_METHOD);
        if let (&Method::OPTIONS, Some(_), Some(asked)) = (method, origin, asked) {
            if allowed.is_some() && may_use(asked) && may_send(headers) {
                return CorsRoute::Layer(fields);
            }
            fields.insert(ALLOW, HeaderValue::from_static(allowed_methods(path)));
            if let Some(origin) = allowed {
                fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                fields.insert(ACCESS_CONTROL_ALLOW_METHODS, list(&Self::METHODS));
                fields.insert(ACCESS_CONTROL_ALLOW_HEADERS, list(&Self::REQUEST_HEADERS));
                fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, list(&Self::RESPONSE_HEADERS));
            }
            return CorsRoute::NoContent(fields);
        }
        match allowed {
            Some(origin) if method == Method::OPTIONS => {
                fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, list(&Self::RESPONSE_HEADERS));
                CorsRoute::Application(fields)
            }
            Some(_) => CorsRoute::Layer(fields),
            None => CorsRoute::Application(fields),
        }
    }
}

fn may_use(method: &HeaderValue) -> bool {
    Cors::METHODS.iter().any(|it| it.as_str() == method)
}

/// Whether a preflight asks for no other fields than the allowed ones.
fn may_send(headers: &HeaderMap) -> bool {
    let is_allowed = |name: &str| {
        let mut allowed = Cors::REQUEST_HEADERS.iter();
        allowed.any(|it| it.as_str().eq_ignore_ascii_case(name.trim()))
    };
    (headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter())
        .all(|value| value.to_str().is_ok_and(|it| it.split(',').all(is_allowed)))
}

fn list<T: AsRef<str>, const N: usize>(names: &[T; N]) -> HeaderValue {
    let names = names.each_ref().map(AsRef::as_ref).join(", ");
    HeaderValue::try_from(names).expect("methods and field names are visible ASCII")
}
