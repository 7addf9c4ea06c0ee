use std::{error::Error, fmt, time::Duration};

use http::StatusCode;

use super::{key_set_error::KeySetError, remote::FetchError};
use crate::untrusted::{Bounded, ERROR_BYTES, debug_as_display};

/// Why newer keys could not be obtained.
pub struct KeysError {
    kind: KeysErrorKind,
    message: String,
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`KeysError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeysErrorKind {
    /// The key set could not be fetched.
    Fetch,
    /// The document fetched is not a usable key set.
    KeySet,
    /// The issuer's metadata could not be fetched, or they do not lead to a key set.
    Discovery,
    /// The server answers 304 Not Modified, but the keys have lapsed meanwhile.
    NotModified,
    /// The fetcher or a log subscriber panicked.
    Panicked,
    /// No tokio runtime is running that could fetch keys.
    NoRuntime,
    /// No keys have been fetched yet, and no attempt has ended.
    NotFetchedYet,
    /// The task that fetched was stopped, as at the end of its runtime.
    Stopped,
    /// The keys could not be confirmed for longer than the outage window.
    Lapsed,
    /// A provider outside this crate failed.
    Provider,
}

impl KeysError {
    fn new(kind: KeysErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            retry_after: None,
            cause: None,
        }
    }

    /// The key set at `url` could not be fetched.
    pub(super) fn fetch(url: &str, error: FetchError) -> Self {
        let message = format!("the key set at {url} could not be fetched: {error}");
        Self::new(KeysErrorKind::Fetch, message).caused_by(Some(error))
    }

    /// The issuer's metadata do not lead to a key set. `error` is the fetch that failed, if one did.
    pub(super) fn discovery(message: String, error: Option<FetchError>) -> Self {
        Self::new(KeysErrorKind::Discovery, message).caused_by(error)
    }

    pub(super) fn key_set(url: &str, error: &KeySetError) -> Self {
        let message = format!("the key set at {url} is not usable: {error}");
        Self::new(KeysErrorKind::KeySet, message)
    }

    pub(super) fn not_modified() -> Self {
        Self::new(
            KeysErrorKind::NotModified,
            "the key server answered 304 Not Modified, but no keys are held any more",
        )
    }

    pub(super) fn panicked() -> Self {
        Self::new(
            KeysErrorKind::Panicked,
            "the fetch ended with a panic, in the fetcher or in a log subscriber",
        )
    }

    pub(super) fn no_runtime() -> Self {
        Self::new(
            KeysErrorKind::NoRuntime,
            "keys can't be fetched here: no tokio runtime is running",
        )
    }

    pub(super) fn not_fetched_yet() -> Self {
        Self::new(
            KeysErrorKind::NotFetchedYet,
            "no keys have been fetched yet",
        )
    }

    pub(super) fn stopped() -> Self {
        Self::new(
            KeysErrorKind::Stopped,
            "the fetch was stopped before it ended",
        )
    }

    pub(super) fn lapsed(age: Duration) -> Self {
        let age = age.as_secs();
        Self::new(
            KeysErrorKind::Lapsed,
            format!(
                "the keys were last confirmed {age} s ago, longer than the outage window allows"
            ),
        )
    }

    pub(crate) fn provider(error: Box<dyn Error + Send + Sync>) -> Self {
        let message = format!(
            "the keys are not available: {}",
            Bounded(&error, ERROR_BYTES)
        );
        Self {
            cause: Some(error),
            ..Self::new(KeysErrorKind::Provider, message)
        }
    }

    fn caused_by(self, error: Option<FetchError>) -> Self {
        match error {
            Some(error) => Self {
                status: error.status(),
                retry_after: error.retry_after(),
                cause: error.into_cause(),
                ..self
            },
            None => self,
        }
    }

    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> KeysErrorKind {
        self.kind
    }

    /// The status of the response that failed a fetch.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// How long the server asked to wait (`Retry-After`).
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The error of the HTTP client, or of a provider outside this crate. Its message is part of this
    /// one's.
    #[must_use]
    pub fn get_ref(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.cause.as_deref()
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// As `std::io::Error`: the source is that of the error whose message is shown.
impl Error for KeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref()?.source()
    }
}

debug_as_display!(KeysError);
