//! Callers for unit tests of handlers.

use authz_core::{
    Admission, Admitted, Algorithm, Authorized, Authorizer, Claims, CryptoBackend, Issuer,
    PolicyGuard, RequestParts, any_valid_token, jwks::SharedSecret,
};
use http::{HeaderMap, HeaderValue, Method, Uri, header::AUTHORIZATION};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{key::SigningKey, token::TokenBuilder};

/// Starts a caller to pass to a handler in a unit test, without an issuer, a token or HTTP.
///
/// The caller begins with the claims of a [`TokenBuilder`]: `sub` `dev-user`, `client_id`
/// `dev-client`, no scopes. Every method sets one claim, and the later call wins.
///
/// ```
/// let caller = authz_testkit::caller()
///     .subject("auth0|1")
///     .scope("read:messages")
///     .claim("org_id", "org_1")
///     .build();
/// assert_eq!(caller.subject(), Some("auth0|1"));
/// assert!(caller.scopes().contains("read:messages"));
/// assert_eq!(caller.claims()["org_id"], "org_1");
/// ```
///
/// The builder signs a token with a secret that it generates, and a private [`Authorizer`] accepts
/// it. No other authorizer accepts that token.
pub fn caller() -> CallerBuilder {
    let key = SigningKey::generate(Algorithm::HS256);
    CallerBuilder {
        token: TokenBuilder::new(&key),
        key,
    }
}

/// The claims of a caller for a unit test. Made by [`caller`].
#[derive(Clone, Debug)]
#[must_use = "a builder creates a caller only when `build` is called"]
pub struct CallerBuilder {
    key: SigningKey,
    token: TokenBuilder,
}

impl CallerBuilder {
    /// Sets `sub`.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.with(|token| token.subject(subject))
    }

    /// Sets `client_id`.
    pub fn client_id(self, client: impl Into<String>) -> Self {
        self.with(|token| token.client_id(client))
    }

    /// Sets `iss`.
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.with(|token| token.issuer(issuer))
    }

    /// Sets `aud`: one string, or several as an array or `Vec`.
    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.with(|token| token.audience(audience))
    }

    /// Sets `scope`: scopes separated by spaces. The empty string removes the claim.
    pub fn scope(self, scope: &str) -> Self {
        self.with(|token| token.scope(scope))
    }

    /// Sets `permissions`, an array, as Auth0 writes it for an API with roles.
    pub fn permissions<S: Into<String>>(self, permissions: impl IntoIterator<Item = S>) -> Self {
        self.with(|token| token.permissions(permissions))
    }

    /// Sets any claim to any value.
    pub fn claim(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.with(|token| token.claim(name, value))
    }

    /// Removes a claim.
    pub fn without(self, name: &str) -> Self {
        self.with(|token| token.without(name))
    }

    /// Returns the caller, with the claims as a map.
    ///
    /// # Panics
    ///
    /// If no authorizer can accept the claims: `iss`, `aud` or `exp` is missing, malformed or
    /// expired.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> Authorized {
        self.build_as::<Claims>()
    }

    /// Returns the caller, with the claims deserialized into `C`.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct MyClaims {
    ///     org_id: String,
    /// }
    ///
    /// let caller = authz_testkit::caller().claim("org_id", "org_1").build_as::<MyClaims>();
    /// assert_eq!(caller.claims().org_id, "org_1");
    /// ```
    ///
    /// # Panics
    ///
    /// Like [`build`](Self::build), and if the claims do not deserialize into `C`.
    #[must_use]
    #[track_caller]
    pub fn build_as<C: DeserializeOwned + Send + Sync + 'static>(self) -> Authorized<C> {
        self.authorized().1
    }

    /// Returns the request extension that the extractors of the axum and poem adapters read, as the
    /// adapters' middleware inserts it.
    ///
    /// It lets a test send a request to a handler with its extractors and without a middleware:
    ///
    /// ```
    /// let mut request = http::Request::new(());
    /// request.extensions_mut().insert(authz_testkit::caller().scope("read:messages").admitted());
    /// ```
    ///
    /// # Panics
    ///
    /// Like [`build`](Self::build).
    #[must_use]
    #[track_caller]
    pub fn admitted(self) -> Admitted {
        self.admitted_as::<Claims>()
    }

    /// Like [`admitted`](Self::admitted), for extractors with claims of type `C`.
    ///
    /// # Panics
    ///
    /// Like [`build_as`](Self::build_as).
    #[must_use]
    #[track_caller]
    pub fn admitted_as<C: DeserializeOwned + Send + Sync + 'static>(self) -> Admitted<C> {
        let (guard, caller) = self.authorized();
        guard.admitted(Some(caller))
    }

    fn with(self, change: impl FnOnce(TokenBuilder) -> TokenBuilder) -> Self {
        Self {
            token: change(self.token),
            ..self
        }
    }

    #[track_caller]
    fn authorized<C>(self) -> (PolicyGuard<C>, Authorized<C>)
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let payload = self.token.payload_json();
        let guard = guard(&payload, &self.key);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer(&self.token.build()));
        let uri = Uri::from_static("/");
        match guard.admit(&RequestParts::new(&Method::GET, &uri, &headers)) {
            Admission::Ready(Ok(Some(caller))) => (guard, caller),
            Admission::Ready(Err(rejection)) => {
                // A rejection does not name the field, because clients see it.
                if let Err(error) = serde_json::from_slice::<C>(&payload) {
                    panic!("the claims do not deserialize into the claims type: {error}");
                }
                panic!("no authorizer can accept these claims: {rejection}")
            }
            Admission::Ready(Ok(None)) | Admission::Pending(_) => {
                unreachable!("the request has a token and the key is known")
            }
        }
    }
}

#[track_caller]
fn guard<C>(payload: &[u8], key: &SigningKey) -> PolicyGuard<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    let claims: Value = serde_json::from_slice(payload).expect("the claims are an object");
    let issuer = claims["iss"].as_str().expect("`iss` is a string");
    let audience = match &claims["aud"] {
        Value::Array(several) => several.first().and_then(Value::as_str),
        one => one.as_str(),
    };
    let secret = SharedSecret::hs256(key.secret().expect("the key is a secret"));
    let issuer = Issuer::new(issuer)
        .audience(audience.expect("`aud` is a string or an array of strings"))
        .algorithms([Algorithm::HS256])
        .keys(secret.expect("the secret is as long as the hash"));
    let mut builder = Authorizer::builder();
    if let Some(backend) = CryptoBackend::available().first() {
        builder = builder.crypto_backend(*backend);
    }
    builder
        .issuer(issuer)
        .claims::<C>()
        .build()
        .unwrap_or_else(|error| panic!("no authorizer can accept these claims: {error}"))
        .guard(any_valid_token())
}

fn bearer(token: &str) -> HeaderValue {
    HeaderValue::try_from(format!("Bearer {token}")).expect("base64url and dots")
}
