//! Tokens, right and wrong.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{key::SigningKey, random};

/// Makes one access token, valid unless told otherwise.
///
/// It begins as a token that follows RFC 9068: `typ` `at+jwt`, `alg` and `kid` of the key; `iss`,
/// `aud`, `sub`, `client_id`, a random `jti`, `iat` now and `exp` an hour later. Every method
/// changes one thing, and the later call wins.
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
#[must_use = "a builder makes a token only when `build` is called"]
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

/// The two shapes of access token that issuers sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStyle {
    /// The profile of RFC 9068: `typ` `at+jwt`, the client in `client_id`, a `jti`.
    #[default]
    Rfc9068,
    /// What Auth0 gives unless told otherwise: `typ` `JWT`, the client in `azp`.
    Auth0,
}

#[derive(Clone, Debug)]
enum Claim {
    Is(Value),
    /// Seconds from the builder's `now`.
    FromNow(i64),
}

impl TokenBuilder {
    /// A valid token signed with `key`.
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

    /// The `iss` claim.
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.claim("iss", issuer.into())
    }

    /// The `aud` claim: one string, or several as an array or `Vec`.
    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.claim("aud", audience)
    }

    /// The `sub` claim.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// The client: `client_id`, or `azp` in Auth0's style.
    pub fn client_id(self, client: impl Into<String>) -> Self {
        let name = self.style.client_claim();
        self.claim(name, client.into())
    }

    /// The `scope` claim: scopes separated by spaces. The empty string takes the claim away.
    pub fn scope(self, scope: &str) -> Self {
        if scope.is_empty() {
            return self.without("scope");
        }
        self.claim("scope", scope)
    }

    /// The `permissions` claim, an array, as Auth0 writes it for an API with roles.
    pub fn permissions<S: Into<String>>(self, permissions: impl IntoIterator<Item = S>) -> Self {
        let permissions: Vec<String> = permissions.into_iter().map(Into::into).collect();
        self.claim("permissions", permissions)
    }

    /// The `exp` claim, in seconds from now; negative for a token that has expired.
    pub fn expires_in(self, seconds: i64) -> Self {
        self.relative("exp", seconds)
    }

    /// The `nbf` claim, in seconds from now. A token has none unless asked.
    pub fn not_before_in(self, seconds: i64) -> Self {
        self.relative("nbf", seconds)
    }

    /// The `iat` claim, in seconds from now; negative for the past.
    pub fn issued_in(self, seconds: i64) -> Self {
        self.relative("iat", seconds)
    }

    /// The time that the relative claims count from, in seconds since 1970. It applies to those
    /// set before and after.
    pub fn now(self, unix_seconds: u64) -> Self {
        Self {
            now: unix_seconds,
            ..self
        }
    }

    /// Any claim with any value, in place of the one that was there.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), Claim::Is(value.into()));
        self
    }

    /// Takes a claim away.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Any member of the protected header with any value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    /// Takes a member of the protected header away.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The header's `typ`, or none.
    pub fn typ(self, typ: Option<&str>) -> Self {
        self.optional_header("typ", typ)
    }

    /// The header's `kid`, or none. The key that signs stays the same.
    pub fn kid(self, kid: Option<&str>) -> Self {
        self.optional_header("kid", kid)
    }

    /// Auth0's default token: `typ` `JWT`, the client in `azp` instead of `client_id`, no `jti`.
    /// Add [`permissions`](Self::permissions), `gty`, `org_id` and others as claims.
    pub fn auth0_style(mut self) -> Self {
        self.style = TokenStyle::Auth0;
        if let Some(client) = self.claims.remove("client_id") {
            self.claims.insert("azp".to_owned(), client);
        }
        self.without("jti").typ(Some("JWT"))
    }

    /// The given shape; [`TokenStyle::Rfc9068`] is what a builder begins with.
    pub fn style(self, style: TokenStyle) -> Self {
        match (self.style, style) {
            (TokenStyle::Rfc9068, TokenStyle::Auth0) => self.auth0_style(),
            (TokenStyle::Auth0, TokenStyle::Rfc9068) => self.rfc9068_style(),
            _ => self,
        }
    }

    /// These bytes as the header, whatever they are: encoded and signed, but not looked at.
    pub fn raw_header(self, json: impl Into<Vec<u8>>) -> Self {
        Self {
            raw_header: Some(json.into()),
            ..self
        }
    }

    /// These bytes as the payload, whatever they are: duplicate members, `null`, no JSON at all.
    pub fn raw_payload(self, json: impl Into<Vec<u8>>) -> Self {
        Self {
            raw_payload: Some(json.into()),
            ..self
        }
    }

    /// Signs with this key and says so: `alg` and `kid` become the key's.
    pub fn key(mut self, key: &SigningKey) -> Self {
        self.key = key.clone();
        self.header("alg", key.algorithm().name()).kid(key.kid())
    }

    /// Signs with this key while the header goes on naming the other: a forgery.
    ///
    /// The signature is of the kind that `key` makes, whatever `alg` the header claims.
    pub fn signed_by(self, key: &SigningKey) -> Self {
        Self {
            key: key.clone(),
            ..self
        }
    }

    /// This signature instead of a real one.
    pub fn signature(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            signature: Some(bytes.into()),
            ..self
        }
    }

    /// The header as it will be written.
    #[must_use]
    pub fn header_json(&self) -> Vec<u8> {
        self.raw_header
            .clone()
            .unwrap_or_else(|| json!(self.header).to_string().into_bytes())
    }

    /// The payload as it will be written: a place to begin when the bytes have to be changed.
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

    /// The token in compact form (RFC 7515 section 7.1).
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

fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
