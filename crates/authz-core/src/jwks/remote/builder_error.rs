#[cfg(feature = "reqwest")]
use std::fmt;

use crate::untrusted::debug_as_display;

/// Why a [`RemoteJwks`](super::RemoteJwks) can't be built. `Debug` prints the message.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct RemoteJwksError {
    kind: RemoteJwksErrorKind,
    message: String,
}

/// The kinds of [`RemoteJwksError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteJwksErrorKind {
    /// An address is not a URL.
    InvalidUrl,
    /// An address does not use https, and plain http is not allowed for its host.
    InsecureUrl,
    /// The value of a setting is invalid.
    InvalidSetting,
    /// The certificate authorities can't be read or used.
    Certificates,
    /// No HTTP client is available, or it could not be created.
    Client,
}

impl RemoteJwksError {
    pub(super) fn new(kind: RemoteJwksErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message }
    }

    pub(super) fn setting(problem: impl Into<String>) -> Self {
        Self::new(RemoteJwksErrorKind::InvalidSetting, problem)
    }

    #[cfg(feature = "reqwest")]
    pub(super) fn certificates(problem: &impl fmt::Display) -> Self {
        Self::new(
            RemoteJwksErrorKind::Certificates,
            format!("the certificate authorities can't be used: {problem}"),
        )
    }

    /// The default client is not compiled in, and no other is set.
    pub(super) fn no_fetcher() -> Self {
        Self::new(
            RemoteJwksErrorKind::Client,
            "no HTTP client is available: enable the feature `reqwest`, or set a client with `RemoteJwksBuilder::fetcher`",
        )
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> RemoteJwksErrorKind {
        self.kind
    }
}

debug_as_display!(RemoteJwksError);
