use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{candidates::KeyCandidates, error::KeysError};
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
    /// The keys known now for a token with this header. Never waits: it runs on every request
    /// whose token is not in the cache.
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup;

    /// Waits for newer keys. Asked only when `lookup` answered [`KeyLookup::Missing`], or when a
    /// token that names no key fits none of them, and only for a token that is otherwise good.
    ///
    /// The future may be dropped at any time, when the client goes away; work shared with other
    /// requests must go on.
    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        let _ = reason;
        match self.lookup(header) {
            KeyLookup::Missing => KeyLookup::Unknown(UnknownKey::NotInSet),
            found => found,
        }
    }

    /// Whether tokens that `key` signed are still accepted. Asked on every request whose token is
    /// in the cache, so it has to be as cheap as a load.
    fn is_current(&self, key: &VerificationKey) -> bool {
        key.is_usable()
    }

    /// Waits until there are keys, however long that takes. The default returns at once.
    async fn ready(&self) {}

    /// Status for operators.
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

/// The answer to a lookup.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyLookup {
    /// The keys that can have signed the token, in the order to try.
    Found(KeyCandidates),
    /// There is no such key, and asking again would not find one: the token is refused.
    Unknown(UnknownKey),
    /// Not among the keys known now: newer ones may have it.
    Missing,
    /// It can't be told: the request gets 503, since the caller did nothing wrong.
    Unavailable(MissingKeys),
}

impl KeyLookup {
    /// It is unknown whether there is a key, because of `error`: the request gets 503, with
    /// `retry_after` in `Retry-After`.
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

/// Why there is no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownKey {
    /// No key has the token's `kid`, or none fits its algorithm.
    NotInSet,
    /// The key with the token's `kid` may not be used with the token's algorithm.
    WrongAlgorithm,
}

/// Why it can't be told whether there is a key for a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MissingKeys {
    /// When it makes sense to ask again.
    pub retry_after: Duration,
    /// What went wrong last.
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

/// Why newer keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshReason {
    /// The lookup found nothing.
    Missing,
    /// The token names no key, and its signature fits none of the candidates.
    NoKeyVerified,
}

/// The state of a provider's keys.
#[derive(Clone)]
#[non_exhaustive]
pub struct KeyStatus {
    /// Whether there are keys to check tokens with.
    pub ready: bool,
    /// The keys' identifiers; keys without one are counted in `keys` alone.
    pub key_ids: Vec<String>,
    /// How many keys there are.
    pub keys: usize,
    /// Time since the keys were last confirmed by their issuer.
    pub age: Option<Duration>,
    /// Time until the next refresh is due.
    pub next_refresh: Option<Duration>,
    /// What went wrong since the keys were last confirmed.
    pub last_error: Option<Arc<KeysError>>,
    /// Requests for a key set sent so far, failed ones included.
    pub fetches: u64,
    /// Requests for a key set that failed.
    pub failures: u64,
}

impl KeyStatus {
    /// Ready, with nothing else to say.
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
        }
    }
}

/// A line of a log, however many keys there are.
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
            .finish()
    }
}
