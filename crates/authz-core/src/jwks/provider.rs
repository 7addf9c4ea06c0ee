use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{candidates::KeyCandidates, endpoints::IssuerEndpoints, error::KeysError};
use crate::{crypto::VerificationKey, token::ProtectedHeader, untrusted::Bounded};

/// A source of verification keys for the tokens of one issuer.
///
/// # Implementing one
///
/// ```
/// use std::sync::Arc;
/// use authz_core::{
///     ProtectedHeader, VerificationKey,
///     jwks::{JwksProvider, KeyLookup, UnknownKey},
/// };
///
/// #[derive(Debug)]
/// struct OneKey(Arc<VerificationKey>);
///
/// #[authz_core::async_trait]
/// impl JwksProvider for OneKey {
///     fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
///         if header.key_id() == self.0.kid() && self.0.allows(header.algorithm()) {
///             KeyLookup::Found(Arc::clone(&self.0).into())
///         } else {
///             KeyLookup::Unknown(UnknownKey::NotInSet)
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait JwksProvider: fmt::Debug + Send + Sync + 'static {
    /// Returns the keys known now for a token with this header. It must not block: it runs on every
    /// request whose token is not cached.
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup;

    /// Waits for newer keys. It is called if `lookup` returned [`KeyLookup::Missing`], or if no
    /// candidate verified a token without `kid`, and only for tokens that pass all other checks.
    ///
    /// The future may be dropped at any time, because clients disconnect. Work that other requests
    /// share must continue.
    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        let _ = reason;
        match self.lookup(header) {
            KeyLookup::Missing => KeyLookup::Unknown(UnknownKey::NotInSet),
            found => found,
        }
    }

    /// Returns `true` if tokens that `key` signed are still accepted. It runs on every cache hit,
    /// so it must be as cheap as an atomic load.
    fn is_current(&self, key: &VerificationKey) -> bool {
        key.is_usable()
    }

    /// Waits until keys are available, without a time limit. The default returns at once.
    async fn ready(&self) {}

    /// Returns the status for operators.
    fn status(&self) -> KeyStatus {
        KeyStatus::ready()
    }
}

#[async_trait]
impl<P: JwksProvider + ?Sized> JwksProvider for Arc<P> {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        P::lookup(self, header)
    }

    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        P::refresh(self, header, reason).await
    }

    fn is_current(&self, key: &VerificationKey) -> bool {
        P::is_current(self, key)
    }

    async fn ready(&self) {
        P::ready(self).await;
    }

    fn status(&self) -> KeyStatus {
        P::status(self)
    }
}

/// The result of a lookup.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyLookup {
    /// The keys that may have signed the token, in the order to try.
    Found(KeyCandidates),
    /// No such key exists, and a refresh would not find one: the token is rejected.
    Unknown(UnknownKey),
    /// Not in the current key set; a refresh may find it.
    Missing,
    /// Undecidable: the request gets 503, because the caller is not at fault.
    Unavailable(MissingKeys),
}

impl KeyLookup {
    /// Creates [`Unavailable`](Self::Unavailable). The request gets 503 with `retry_after` in
    /// `Retry-After`, and `error` is logged.
    ///
    /// ```
    /// use std::time::Duration;
    /// use authz_core::jwks::KeyLookup;
    ///
    /// let down = KeyLookup::unavailable(Duration::from_secs(5), "the key store does not answer");
    /// ```
    pub fn unavailable(
        retry_after: Duration,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable(MissingKeys {
            retry_after,
            error: Arc::new(KeysError::provider(error.into())),
        })
    }
}

/// Why no key matches a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownKey {
    /// No key has the token's `kid`, or no key allows its algorithm.
    NotInSet,
    /// The key with the token's `kid` may not be used with the token's algorithm.
    WrongAlgorithm,
}

/// Why keys are unavailable.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MissingKeys {
    /// The wait before the next attempt makes sense.
    pub retry_after: Duration,
    /// The last error.
    pub error: Arc<KeysError>,
}

impl MissingKeys {
    pub(crate) fn no_runtime() -> Self {
        Self {
            retry_after: Duration::from_secs(1),
            error: Arc::new(KeysError::no_runtime()),
        }
    }
}

/// Why a key refresh is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshReason {
    /// The lookup found no key.
    Missing,
    /// The token has no `kid`, and no candidate verified its signature.
    NoKeyVerified,
}

/// The state of a provider's keys.
#[derive(Clone)]
#[non_exhaustive]
pub struct KeyStatus {
    /// Whether keys are available.
    pub ready: bool,
    /// The `kid`s of the keys that have one.
    pub key_ids: Vec<String>,
    /// The number of keys, with and without `kid`.
    pub keys: usize,
    /// Time since the last successful refresh.
    pub age: Option<Duration>,
    /// Time until the next refresh is due.
    pub next_refresh: Option<Duration>,
    /// The last error since the last successful refresh.
    pub last_error: Option<Arc<KeysError>>,
    /// Number of fetches, including failed ones.
    pub fetches: u64,
    /// Number of failed fetches.
    pub failures: u64,
    /// The endpoints of the issuer, if the keys were found through its metadata and the metadata names
    /// both.
    pub endpoints: Option<Arc<IssuerEndpoints>>,
}

impl KeyStatus {
    /// Creates a status that is ready, with all other fields empty.
    #[must_use]
    pub fn ready() -> Self {
        Self {
            ready: true,
            key_ids: Vec::new(),
            keys: 0,
            age: None,
            next_refresh: None,
            last_error: None,
            fetches: 0,
            failures: 0,
            endpoints: None,
        }
    }
}

/// The output is limited to a log line.
impl fmt::Debug for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStatus")
            .field("ready", &self.ready)
            .field(
                "key_ids",
                &format_args!("{}", Bounded(format_args!("{:?}", self.key_ids), 1000)),
            )
            .field("keys", &self.keys)
            .field("age", &self.age)
            .field("next_refresh", &self.next_refresh)
            .field("last_error", &self.last_error)
            .field("fetches", &self.fetches)
            .field("failures", &self.failures)
            .field(
                "endpoints",
                &format_args!("{}", Bounded(format_args!("{:?}", self.endpoints), 1000)),
            )
            .finish()
    }
}
