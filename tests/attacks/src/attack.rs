//! What a row of the table is made of.

use std::{fmt, sync::Arc};

use authz_core::{Algorithm, AuthorizerBuilder, Issuer, Policy, Reason, any_valid_token};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::ring::ring;

/// One row.
pub struct Attack {
    /// Unique in the table.
    pub name: String,
    /// The section of a standard, or the identifier of an advisory.
    pub source: &'static str,
    /// Advisories of other libraries that this row would have caught.
    pub advisories: &'static [&'static str],
    /// What has to come of it.
    pub outcome: Outcome,
    make: Box<dyn Fn() -> Attempt + Send + Sync>,
}

/// What has to come of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200: a good twin.
    Accepted,
    /// The status that belongs to the reason, and the reason in the core's words.
    Refused(Reason),
}

/// A request, and the server that it is sent to.
#[derive(Clone)]
pub struct Attempt {
    /// The server's keys.
    pub keys: Keys,
    /// The server's settings, where they are not the usual ones.
    pub rules: Rules,
    /// The issuer's, where they are not the usual ones.
    pub issuer_rules: IssuerRules,
    /// What the route requires of a valid token.
    pub policy: Policy,
    /// Header fields of the request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The request's target.
    pub uri: Uri,
    /// The request's method.
    pub method: Method,
    /// A token that the same server accepts.
    pub control: String,
    /// Whether the server accepts the scheme DPoP.
    pub dpop: bool,
    /// Makes the DPoP proof, which is accepted once.
    proof: Option<Proof>,
}

type Proof = Arc<dyn Fn() -> String + Send + Sync>;

/// Changes the server's settings.
pub type Rules = Arc<dyn Fn(AuthorizerBuilder) -> AuthorizerBuilder + Send + Sync>;

/// Changes the issuer's settings.
pub type IssuerRules = Arc<dyn Fn(Issuer) -> Issuer + Send + Sync>;

/// The server's keys.
#[derive(Clone, Debug)]
pub enum Keys {
    /// The issuer publishes this document as its key set.
    Published(Vec<u8>),
    /// A secret shared with the issuer.
    Secret(Algorithm, Vec<u8>),
    /// One public key in PEM.
    Pem(Algorithm, String),
}

impl Attack {
    /// A row.
    pub fn new(
        name: impl Into<String>,
        source: &'static str,
        outcome: Outcome,
        make: impl Fn() -> Attempt + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            source,
            advisories: &[],
            outcome,
            make: Box::new(make),
        }
    }

    /// Advisories that the row would have caught.
    #[must_use]
    pub fn catches(mut self, advisories: &'static [&'static str]) -> Self {
        self.advisories = advisories;
        self
    }

    /// The attempt, made anew.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        (self.make)()
    }
}

impl Outcome {
    /// The status of the answer. Spelled out here rather than asked of the core, which is what is
    /// being tested.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Accepted => StatusCode::OK,
            Self::Refused(Reason::MalformedCredentials | Reason::MultipleTokens) => {
                StatusCode::BAD_REQUEST
            }
            Self::Refused(Reason::InsufficientScope) => StatusCode::FORBIDDEN,
            Self::Refused(Reason::KeysUnavailable | Reason::RevocationsUnavailable) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Attempt {
    /// A request without a token, to the usual server: every algorithm is accepted, HMAC as well,
    /// so that a forgery is stopped by its key and not by the list of algorithms.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            keys: Keys::Published(ring().published().to_string().into_bytes()),
            rules: Arc::new(|builder| builder),
            issuer_rules: Arc::new(|issuer| issuer),
            policy: any_valid_token(),
            headers: Vec::new(),
            uri: Uri::from_static("/api/private"),
            method: Method::GET,
            control: ring().good().build(),
            dpop: false,
            proof: None,
        }
    }

    /// A request with this token in the `Authorization` header.
    #[must_use]
    pub fn token(token: impl AsRef<[u8]>) -> Self {
        Self::authorization([b"Bearer ", token.as_ref()].concat())
    }

    /// A request with this `Authorization` header.
    #[must_use]
    pub fn authorization(value: impl AsRef<[u8]>) -> Self {
        Self::nothing().header(AUTHORIZATION, value)
    }

    /// One more header field.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("the row's header value");
        self.headers.push((name, value));
        self
    }

    /// Another target.
    #[must_use]
    pub fn uri(mut self, uri: &str) -> Self {
        self.uri = uri.parse().expect("the row's target");
        self
    }

    /// A server whose issuer publishes these keys. One of them has to be the ring's `es256`, or
    /// the control has to be another.
    #[must_use]
    pub fn published(self, keys: impl IntoIterator<Item = Value>) -> Self {
        let keys: Vec<_> = keys.into_iter().collect();
        self.document(json!({ "keys": keys }).to_string())
    }

    /// A server whose issuer publishes this document.
    #[must_use]
    pub fn document(mut self, document: impl Into<Vec<u8>>) -> Self {
        self.keys = Keys::Published(document.into());
        self
    }

    /// A server that shares a secret with its issuer.
    #[must_use]
    pub fn secret(mut self, algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        self.keys = Keys::Secret(algorithm, secret.into());
        self
    }

    /// A server that was given one public key as PEM.
    #[must_use]
    pub fn pem(mut self, key: &SigningKey) -> Self {
        self.keys = Keys::Pem(key.algorithm(), key.public_pem());
        self
    }

    /// A server with other rules.
    #[must_use]
    pub fn rules(
        mut self,
        rules: impl Fn(AuthorizerBuilder) -> AuthorizerBuilder + Send + Sync + 'static,
    ) -> Self {
        self.rules = Arc::new(rules);
        self
    }

    /// A server with other rules for its issuer.
    #[must_use]
    pub fn issuer_rules(
        mut self,
        rules: impl Fn(Issuer) -> Issuer + Send + Sync + 'static,
    ) -> Self {
        self.issuer_rules = Arc::new(rules);
        self
    }

    /// A route with this policy.
    #[must_use]
    pub fn policy(mut self, policy: &str) -> Self {
        self.policy = policy.parse().expect("the row's policy");
        self
    }

    /// Another token that the server accepts.
    #[must_use]
    pub fn control(mut self, control: impl Into<String>) -> Self {
        self.control = control.into();
        self
    }

    /// A server that accepts the scheme DPoP.
    #[must_use]
    pub const fn dpop(mut self) -> Self {
        self.dpop = true;
        self
    }

    /// A proof, made for each request.
    #[must_use]
    pub fn proof(mut self, proof: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.proof = Some(Arc::new(proof));
        self
    }

    /// One more proof.
    #[must_use]
    pub fn proof_text(&self) -> String {
        self.proof.as_ref().map(|proof| proof()).unwrap_or_default()
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        if self.proof.is_some() {
            let value =
                HeaderValue::try_from(self.proof_text()).expect("a proof is a header value");
            request.headers_mut().append("dpop", value);
        }
        request
    }
}

impl From<TokenBuilder> for Attempt {
    fn from(token: TokenBuilder) -> Self {
        Self::token(token.build())
    }
}

impl fmt::Debug for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attack")
            .field("name", &self.name)
            .field("source", &self.source)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("keys", &self.keys)
            .field("headers", &self.headers)
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}
