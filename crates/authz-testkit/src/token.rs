//! Valid and invalid tokens.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{key::SigningKey, random};

/// Builds one access token.
///
/// It starts as a valid token of RFC 9068: `typ` `at+jwt`, `alg` and `kid` of the key; `iss`, `aud`,
/// `sub`, `client_id`, a random `jti`, `iat` now and `exp` an hour later. Every method changes one
/// part, and the later call wins.
///
/// ```
/// use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
///
/// let key = SigningKey::shared(Algorithm::ES256);
/// let good = TokenBuilder::new(&key)
///     .issuer("https://issuer.example/")
///     .audience("https://api.example")
///     .scope("read:messages");
///
/// let expired = good.clone().expires_in(-3600).build();
/// let unsigned = good.clone().header("alg", "none").signature([]).build();
/// let forged = good.clone().signed_by(&SigningKey::generate(Algorithm::ES256)).build();
/// let twice = good.raw_payload(r#"{"scope":"read","scope":"admin"}"#).build();
/// # for token in [expired, unsigned, forged, twice] { assert_eq!(token.split('.').count(), 3); }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder creates a token only when `build` is called"]
pub struct TokenBuilder {
    key: SigningKey,
    now: u64,
    style: TokenStyle,
    header: Map<String, Value>,
    claims: BTreeMap<String, Claim>,
    raw_header: Option<Vec<u8>>,
    raw_payload: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
}

/// The format of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStyle {
    /// RFC 9068: `typ` `at+jwt`, the client in `client_id`, a `jti`.
    #[default]
    Rfc9068,
    /// Auth0's default: `typ` `JWT`, the client in `azp`, no `jti`.
    Auth0,
}

#[derive(Clone, Debug)]
enum Claim {
    Is(Value),
    /// Seconds from the builder's `now`.
    FromNow(i64),
}

impl TokenBuilder {
    /// Starts a valid token signed with `key`.
    pub fn new(key: &SigningKey) -> Self {
        Self {
            key: key.clone(),
            now: unix_now(),
            style: TokenStyle::Rfc9068,
            header: Map::new(),
            claims: BTreeMap::new(),
            raw_header: None,
            raw_payload: None,
            signature: None,
        }
        .key(key)
        .typ(Some("at+jwt"))
        .issuer("https://issuer.example/")
        .audience("https://api.example")
        .subject("dev-user")
        .client_id("dev-client")
        .claim("jti", random::identifier())
        .issued_in(0)
        .expires_in(3600)
    }

    /// Sets the `iss` claim.
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.claim("iss", issuer.into())
    }

    /// Sets the `aud` claim: one string, or several as an array or `Vec`.
    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.claim("aud", audience)
    }

    /// Sets the `sub` claim.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// Sets the client: `client_id`, or `azp` in [`TokenStyle::Auth0`].
    pub fn client_id(self, client: impl Into<String>) -> Self {
        let name = self.style.client_claim();
        self.claim(name, client.into())
    }

    /// Sets the `scope` claim: scopes separated by spaces. The empty string removes the claim.
    pub fn scope(self, scope: &str) -> Self {
        if scope.is_empty() {
            return self.without("scope");
        }
        self.claim("scope", scope)
    }

    /// Sets the `permissions` claim, an array, as Auth0 does for an API with role-based access.
    pub fn permissions<S: Into<String>>(self, permissions: impl IntoIterator<Item = S>) -> Self {
        let permissions: Vec<String> = permissions.into_iter().map(Into::into).collect();
        self.claim("permissions", permissions)
    }

    /// Sets the `exp` claim, in seconds from now; negative for an expired token.
    pub fn expires_in(self, seconds: i64) -> Self {
        self.relative("exp", seconds)
    }

    /// Sets the `nbf` claim, in seconds from now. Default: no `nbf`.
    pub fn not_before_in(self, seconds: i64) -> Self {
        self.relative("nbf", seconds)
    }

    /// Sets the `iat` claim, in seconds from now; negative for the past.
    pub fn issued_in(self, seconds: i64) -> Self {
        self.relative("iat", seconds)
    }

    /// Sets the time that `exp`, `nbf` and `iat` are relative to, in seconds since 1970. It applies to
    /// earlier and later calls.
    pub fn now(self, unix_seconds: u64) -> Self {
        Self {
            now: unix_seconds,
            ..self
        }
    }

    /// Sets any claim to any value.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), Claim::Is(value.into()));
        self
    }

    /// Removes a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets any member of the protected header to any value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    /// Removes a member of the protected header.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets the header's `typ`. `None` removes it.
    pub fn typ(self, typ: Option<&str>) -> Self {
        self.optional_header("typ", typ)
    }

    /// Sets the header's `kid`, without changing the key that signs. `None` removes it.
    pub fn kid(self, kid: Option<&str>) -> Self {
        self.optional_header("kid", kid)
    }

    /// Changes to [`TokenStyle::Auth0`]: `typ` `JWT`, the client in `azp`, no `jti`. Add
    /// [`permissions`](Self::permissions), `gty` or `org_id` as claims.
    pub fn auth0_style(mut self) -> Self {
        self.style = TokenStyle::Auth0;
        if let Some(client) = self.claims.remove("client_id") {
            self.claims.insert("azp".to_owned(), client);
        }
        self.without("jti").typ(Some("JWT"))
    }

    /// Sets the format. Default: [`TokenStyle::Rfc9068`].
    pub fn style(self, style: TokenStyle) -> Self {
        match (self.style, style) {
            (TokenStyle::Rfc9068, TokenStyle::Auth0) => self.auth0_style(),
            (TokenStyle::Auth0, TokenStyle::Rfc9068) => self.rfc9068_style(),
            _ => self,
        }
    }

    /// Uses these bytes as the header. They are encoded and signed, but not checked.
    pub fn raw_header(self, json: impl Into<Vec<u8>>) -> Self {
        Self {
            raw_header: Some(json.into()),
            ..self
        }
    }

    /// Uses these bytes as the payload: duplicate members, `null` or invalid JSON.
    pub fn raw_payload(self, json: impl Into<Vec<u8>>) -> Self {
        Self {
            raw_payload: Some(json.into()),
            ..self
        }
    }

    /// Signs with this key, and sets `alg` and `kid` to the key's.
    pub fn key(mut self, key: &SigningKey) -> Self {
        self.key = key.clone();
        self.header("alg", key.algorithm().name()).kid(key.kid())
    }

    /// Signs with this key without changing the header, to forge a token.
    ///
    /// The signature uses the algorithm of `key`, whatever the header's `alg` is.
    pub fn signed_by(self, key: &SigningKey) -> Self {
        Self {
            key: key.clone(),
            ..self
        }
    }

    /// Uses these bytes as the signature.
    pub fn signature(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            signature: Some(bytes.into()),
            ..self
        }
    }

    /// Returns the header as JSON.
    #[must_use]
    pub fn header_json(&self) -> Vec<u8> {
        self.raw_header
            .clone()
            .unwrap_or_else(|| json!(self.header).to_string().into_bytes())
    }

    /// Returns the payload as JSON, to modify it and pass it to [`raw_payload`](Self::raw_payload).
    #[must_use]
    pub fn payload_json(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw_payload {
            return raw.clone();
        }
        let claims: Map<String, Value> = self
            .claims
            .iter()
            .map(|(name, claim)| (name.clone(), self.value(claim)))
            .collect();
        Value::Object(claims).to_string().into_bytes()
    }

    /// Signs the token and returns it in compact form (RFC 7515 section 7.1).
    #[must_use]
    pub fn build(self) -> String {
        let header = URL_SAFE_NO_PAD.encode(self.header_json());
        let payload = URL_SAFE_NO_PAD.encode(self.payload_json());
        let signed = format!("{header}.{payload}");
        let signature = self
            .signature
            .unwrap_or_else(|| self.key.sign(signed.as_bytes()));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn rfc9068_style(mut self) -> Self {
        self.style = TokenStyle::Rfc9068;
        if let Some(client) = self.claims.remove("azp") {
            self.claims.insert("client_id".to_owned(), client);
        }
        self.claim("jti", random::identifier()).typ(Some("at+jwt"))
    }

    fn relative(mut self, name: &str, seconds: i64) -> Self {
        self.claims.insert(name.to_owned(), Claim::FromNow(seconds));
        self
    }

    fn optional_header(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self.without_header(name),
        }
    }

    fn value(&self, claim: &Claim) -> Value {
        match claim {
            Claim::Is(value) => value.clone(),
            Claim::FromNow(seconds) => {
                let now = i64::try_from(self.now).unwrap_or(i64::MAX);
                json!(now.saturating_add(*seconds))
            }
        }
    }
}

impl TokenStyle {
    fn client_claim(self) -> &'static str {
        match self {
            Self::Rfc9068 => "client_id",
            Self::Auth0 => "azp",
        }
    }
}

pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
