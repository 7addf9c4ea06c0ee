use std::{error::Error, fmt};

/// Why a [`TlsConfig`](crate::TlsConfig) is invalid. `Debug` prints the message, because a `main` that
/// returns the error prints `Debug`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TlsError {
    kind: TlsErrorKind,
    message: String,
}

/// The kinds of [`TlsError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The server's certificates can't be parsed, or there is none.
    Certificate,
    /// The server's private key can't be parsed, is missing, or does not fit the certificate.
    PrivateKey,
    /// The authorities for client certificates can't be parsed, or there is none.
    ClientAuthorities,
    /// No cryptography provider is chosen, or it does not have what TLS needs.
    CryptoProvider,
}

impl TlsError {
    pub(crate) fn new(kind: TlsErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The message includes `error`, which does not have a source.
    pub(crate) fn of(kind: TlsErrorKind, what: &str, error: impl Error) -> Self {
        Self::new(kind, format!("{what}: {error}"))
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> TlsErrorKind {
        self.kind
    }
}

impl fmt::Debug for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
