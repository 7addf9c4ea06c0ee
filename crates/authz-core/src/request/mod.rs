//! The parts of a request that a decision depends on: method, target, header fields, path
//! parameters.

mod path_params;

use std::{borrow::Cow, fmt, net::IpAddr};

use http::{
    Extensions, HeaderMap, Method, Uri,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
};

pub use self::path_params::PathParams;
use crate::{
    client_certificate::{ClientCertificate, PeerAddress},
    dpop::CheckedProof,
    policy::Policy,
    untrusted::Excerpt,
};

/// The borrowed parts of a request that a decision depends on.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RequestParts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The request target.
    pub uri: &'a Uri,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The target that the client sent, if it may differ from `uri`.
    original_uri: Option<&'a Uri>,
    /// The pattern of the matched route.
    route: Option<&'a str>,
    /// The path for the log, if `uri` is not the request's.
    shown_path: Option<&'a str>,
    path_params: Option<&'a dyn PathParams>,
    checked_proof: Option<&'a CheckedProof>,
    client_certificate: Option<&'a ClientCertificate>,
    peer: Option<IpAddr>,
}

impl<'a> RequestParts<'a> {
    /// Creates the parts of a request, without path parameters and without anything about the connection.
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
            checked_proof: None,
            client_certificate: None,
            peer: None,
        }
    }

    /// Sets the path parameters from the router, which policies read with
    /// [`path`](crate::policy::path).
    #[must_use]
    pub const fn with_path_params(self, path_params: &'a dyn PathParams) -> Self {
        Self {
            path_params: Some(path_params),
            ..self
        }
    }

    /// Sets the target that the client sent, for frameworks whose nested routers or rewrites change
    /// `uri`. [`RulePaths`](crate::RulePaths) selects which of the two a rule table matches.
    #[must_use]
    pub const fn with_original_uri(self, original: &'a Uri) -> Self {
        Self {
            original_uri: Some(original),
            ..self
        }
    }

    /// Sets the pattern of the matched route, such as `/orgs/{org}`, for the log.
    #[must_use]
    pub const fn with_route(self, route: &'a str) -> Self {
        Self {
            route: Some(route),
            ..self
        }
    }

    /// Sets the path for the log, for an adapter that does not pass the request's `uri`.
    #[must_use]
    pub const fn with_shown_path(self, path: &'a str) -> Self {
        Self {
            shown_path: Some(path),
            ..self
        }
    }

    /// Sets the memory that all guards of this request share for its proof (RFC 9449).
    #[must_use]
    pub const fn with_checked_proof(self, proof: &'a CheckedProof) -> Self {
        Self {
            checked_proof: Some(proof),
            ..self
        }
    }

    /// Sets the certificate with which the connection's other end authenticated its TLS handshake.
    #[must_use]
    pub const fn with_client_certificate(self, certificate: &'a ClientCertificate) -> Self {
        Self {
            client_certificate: Some(certificate),
            ..self
        }
    }

    pub(crate) const fn checked_proof(&self) -> Option<&'a CheckedProof> {
        self.checked_proof
    }

    /// Sets the address of the connection's other end. A
    /// [`ClientCertificateHeader`](crate::ClientCertificateHeader) is read only if it is a trusted proxy's.
    #[must_use]
    pub const fn with_peer(self, peer: IpAddr) -> Self {
        Self {
            peer: Some(peer),
            ..self
        }
    }

    /// Sets the certificate and the peer from the request's extensions, if they have a [`ClientCertificate`]
    /// and a [`PeerAddress`]. Needed only for tokens that are bound to a certificate.
    #[must_use]
    pub fn with_connection(self, extensions: &'a Extensions) -> Self {
        let peer = extensions.get().map(|PeerAddress(peer)| peer.ip());
        Self {
            client_certificate: extensions.get().or(self.client_certificate),
            peer: peer.or(self.peer),
            ..self
        }
    }

    /// Returns the certificate of the connection. It may be a proxy's.
    pub(crate) const fn connection_certificate(&self) -> Option<&'a ClientCertificate> {
        self.client_certificate
    }

    pub(crate) const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Returns the path that the client sent.
    pub(crate) fn original_path(&self) -> &'a str {
        self.original_uri.unwrap_or(self.uri).path()
    }

    /// Returns the names of the path parameters.
    pub(crate) fn path_param_names(&self) -> Vec<Cow<'a, str>> {
        self.path_params.map_or_else(Vec::new, PathParams::names)
    }

    pub(crate) fn shown_method(&self) -> Excerpt<'a> {
        Excerpt(self.method.as_str())
    }

    pub(crate) fn shown_route(&self) -> Option<Excerpt<'a>> {
        self.route.map(Excerpt)
    }

    /// Returns the path for the log, unless the route is known.
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

    /// Returns the path parameter `name`, percent-decoded.
    #[must_use]
    pub fn path_param(&self, name: &str) -> Option<Cow<'a, str>> {
        self.path_params?.get(name)
    }

    /// Returns `true` if this is a CORS preflight, which browsers send without credentials (Fetch
    /// standard, section "CORS-preflight fetch"). A guard treats it like any other request.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.method == Method::OPTIONS
            && self.headers.contains_key(ORIGIN)
            && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}

/// The parts of a request whose decision waits for keys.
pub(crate) struct OwnedParts {
    method: Method,
    uri: Uri,
    original_uri: Option<Uri>,
    route: Option<Box<str>>,
    shown_path: Option<Box<str>>,
    headers: HeaderMap,
    path_params: Vec<(String, String)>,
    checked_proof: Option<CheckedProof>,
    client_certificate: Option<ClientCertificate>,
    peer: Option<IpAddr>,
}

impl OwnedParts {
    /// Copies the parts that `policy` and the log read, and those that a proof is checked against.
    pub(crate) fn for_policy(parts: &RequestParts<'_>, policy: &Policy, proof: bool) -> Self {
        let param = |name: &str| Some((name.to_owned(), parts.path_param(name)?.into_owned()));
        Self {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            original_uri: parts.original_uri.cloned(),
            route: parts.route.map(Box::from),
            shown_path: parts.shown_path.map(Box::from),
            headers: if proof || policy.depends_on_request() {
                parts.headers.clone()
            } else {
                HeaderMap::new()
            },
            path_params: (policy.path_params().into_iter())
                .filter_map(param)
                .collect(),
            checked_proof: parts.checked_proof.cloned(),
            client_certificate: parts.client_certificate.cloned(),
            peer: parts.peer,
        }
    }

    pub(crate) fn borrow(&self) -> RequestParts<'_> {
        RequestParts {
            original_uri: self.original_uri.as_ref(),
            route: self.route.as_deref(),
            shown_path: self.shown_path.as_deref(),
            checked_proof: self.checked_proof.as_ref(),
            client_certificate: self.client_certificate.as_ref(),
            peer: self.peer,
            ..RequestParts::new(&self.method, &self.uri, &self.headers)
                .with_path_params(&self.path_params)
        }
    }
}

/// Omits the header fields and the query, which may contain credentials.
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
