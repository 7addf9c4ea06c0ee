use std::{error::Error, fmt, time::Duration};

use http::StatusCode;

use super::{
    fetch_error::{FetchError, FetchErrorKind},
    key_set_error::KeySetError,
};
use crate::untrusted::{Bounded, ERROR_BYTES, debug_as_display};

/// Why keys could not be fetched or refreshed.
pub struct KeysError {
    kind: KeysErrorKind,
    message: String,
    /// The failed fetch. An error of a custom provider counts as one.
    fetch: Option<FetchError>,
}

/// The kinds of [`KeysError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeysErrorKind {
    /// The key set could not be fetched.
    Fetch,
    /// The fetched document is not a usable key set.
    KeySet,
    /// The issuer's metadata could not be fetched, or does not lead to a key set.
    Discovery,
    /// The server responded with 304 Not Modified, but the keys have lapsed.
    NotModified,
    /// The fetcher or a log subscriber panicked.
    Panicked,
    /// No tokio runtime is running, so keys can't be fetched.
    NoRuntime,
    /// The first fetch has not finished yet.
    NotFetchedYet,
    /// The fetch task was stopped, for example because its runtime ended.
    Stopped,
    /// No refresh succeeded within the outage window.
    Lapsed,
    /// A custom provider failed.
    Provider,
}

impl KeysError {
    fn new(kind: KeysErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            fetch: None,
        }
    }

    /// The key set at `url` could not be fetched.
    pub(super) fn fetch(url: &str, error: FetchError) -> Self {
        let message = format!("the key set at {url} could not be fetched: {error}");
        Self {
            fetch: Some(error),
            ..Self::new(KeysErrorKind::Fetch, message)
        }
    }

    /// The issuer's metadata does not lead to a key set. `fetch` is the failed fetch, if any.
    pub(super) fn discovery(message: String, fetch: Option<FetchError>) -> Self {
        Self {
            fetch,
            ..Self::new(KeysErrorKind::Discovery, message)
        }
    }

    pub(super) fn key_set(url: &str, error: &KeySetError) -> Self {
        let message = format!("the key set at {url} is not usable: {error}");
        Self::new(KeysErrorKind::KeySet, message)
    }

    pub(super) fn not_modified() -> Self {
        Self::new(
            KeysErrorKind::NotModified,
            "the key server responded with 304 Not Modified, but the keys have lapsed",
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
            "keys can't be fetched: no tokio runtime is running",
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
            "the fetch was stopped before it finished",
        )
    }

    pub(super) fn lapsed(age: Duration) -> Self {
        let age = age.as_secs();
        Self::new(
            KeysErrorKind::Lapsed,
            format!(
                "the last successful refresh was {age} s ago, longer than the outage window allows"
            ),
        )
    }

    pub(crate) fn provider(error: Box<dyn Error + Send + Sync>) -> Self {
        let message = format!(
            "the keys are not available: {}",
            Bounded(&error, ERROR_BYTES)
        );
        Self {
            fetch: Some(FetchError::transport(error)),
            ..Self::new(KeysErrorKind::Provider, message)
        }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> KeysErrorKind {
        self.kind
    }

    /// Returns the name of the kind for metrics: that of the failed request, if any.
    pub(crate) fn label(&self) -> &'static str {
        match (self.fetch.as_ref().map(FetchError::kind), self.kind) {
            (Some(FetchErrorKind::Timeout), _) => "timeout",
            (Some(FetchErrorKind::Status), _) => "status",
            (Some(FetchErrorKind::ContentCoding), _) => "content_coding",
            (Some(FetchErrorKind::TooLarge), _) => "too_large",
            (Some(FetchErrorKind::Redirect), _) => "redirect",
            (Some(FetchErrorKind::Transport), _) => "transport",
            (None, KeysErrorKind::KeySet) => "key_set",
            (None, KeysErrorKind::Discovery) => "discovery",
            (None, _) => "other",
        }
    }

    /// Returns the status of the response, if the fetch failed because of it.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.fetch.as_ref()?.status()
    }

    /// Returns the server's `Retry-After`.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.fetch.as_ref()?.retry_after()
    }

    /// Returns the error of the HTTP client or of a custom provider. This error's message includes
    /// it.
    #[must_use]
    pub fn get_ref(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.fetch.as_ref()?.get_ref()
    }
}

/// Like `std::io::Error`: the message includes the cause, so the source is the cause's source.
impl Error for KeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fetch.as_ref()?.source()
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

debug_as_display!(KeysError);
