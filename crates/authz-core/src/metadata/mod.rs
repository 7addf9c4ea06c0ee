//! Protected resource metadata (RFC 9728): how this API describes itself to clients.

mod address;
mod error;
mod resource;

use std::sync::Arc;

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ALLOW, CACHE_CONTROL, CONTENT_TYPE,
    },
};

pub(crate) use self::address::MetadataAddress;
pub use self::{
    error::{MetadataError, MetadataErrorKind},
    resource::Resource,
};
use crate::untrusted::Excerpt;

/// The metadata of a protected resource (RFC 9728 section 2), which adapters serve as JSON at
/// [`path`](Self::path).
///
/// ```
/// # use authz_core::{Algorithm, Authorizer, Issuer, jwks::SharedSecret};
/// let issuer = Issuer::new("https://login.example/");
/// # let issuer = issuer.keys(SharedSecret::hs256([7; 32]).unwrap()).algorithms([Algorithm::HS256]);
/// let authorizer = Authorizer::builder()
///     .issuer(issuer)
///     .resource("https://api.example/v1")
///     .build()?;
/// let metadata = authorizer.resource_metadata().unwrap();
/// assert_eq!(metadata.path(), "/.well-known/oauth-protected-resource/v1");
/// assert_eq!(
///     serde_json::from_str::<serde_json::Value>(metadata.json()).unwrap(),
///     serde_json::json!({
///         "resource": "https://api.example/v1",
///         "authorization_servers": ["https://login.example/"],
///         "bearer_methods_supported": ["header"],
///     }),
/// );
/// # Ok::<(), authz_core::BuildError>(())
/// ```
///
/// Clones share the document.
#[derive(Clone, Debug)]
pub struct ResourceMetadata(Arc<MetadataDocument>);

#[derive(Debug)]
struct MetadataDocument {
    address: MetadataAddress,
    at_root: bool,
    json: String,
}

impl ResourceMetadata {
    /// Returns the path where clients look for the document: the well-known path, followed by the
    /// resource's own (RFC 9728 section 3.1).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.address.path
    }

    /// Returns all paths to serve the document at: [`path`](Self::path), and the bare well-known path
    /// if [`Resource::also_at_root`] asks for it.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let root = self.0.at_root && self.path() != MetadataAddress::WELL_KNOWN;
        [self.path()]
            .into_iter()
            .chain(root.then_some(MetadataAddress::WELL_KNOWN))
    }

    /// Returns the document's URL, which challenges name as `resource_metadata`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.address.url
    }

    /// Returns the document. It is serialized once, when the authorizer is built.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0.json
    }

    /// Returns the response to a `GET`, `HEAD` or `OPTIONS` request whose whole path is `path`, for
    /// frameworks without an adapter. Pages of every origin may read it, and caches may keep it for an
    /// hour.
    ///
    /// `OPTIONS` gets 204, which answers CORS preflights. A `path` that is not among
    /// [`paths`](Self::paths) gets 404 and an error in the log: the route is mounted in the wrong place.
    #[must_use]
    pub fn response<B: From<String>>(&self, method: &Method, path: &str) -> Response<B> {
        let value = HeaderValue::from_static;
        let mut headers = HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, value("*"))]);
        let (status, body) = if !self.paths().any(|it| it == path) {
            tracing::error!(
                target: "authz",
                path = %Excerpt(path),
                expected = self.path(),
                "resource metadata is mounted at a path where clients don't look for it: mount it \
                 outside of nested routers and prefixes"
            );
            (StatusCode::NOT_FOUND, String::new())
        } else if method == Method::OPTIONS {
            headers.insert(ALLOW, value(Self::METHODS));
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, value(Self::METHODS));
            // Clients of the Model Context Protocol send a custom header field.
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, value("*"));
            (StatusCode::NO_CONTENT, String::new())
        } else {
            headers.insert(CONTENT_TYPE, value("application/json"));
            headers.insert(CACHE_CONTROL, value("public, max-age=3600"));
            (StatusCode::OK, self.json().to_owned())
        };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    const METHODS: &str = "GET, HEAD";
}
