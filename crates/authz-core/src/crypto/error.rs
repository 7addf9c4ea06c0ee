use std::borrow::Cow;

use crate::untrusted::debug_as_display;

/// Why a key can't be used. `Debug` prints the message.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct KeyError {
    kind: KeyErrorKind,
    message: Cow<'static, str>,
}

/// The kinds of [`KeyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// The JWK or the PEM text can't be parsed, or a member is missing or has the wrong type.
    Malformed,
    /// The key type, the curve or the algorithm is not supported.
    Unsupported,
    /// The key's `use` or `key_ops` exclude signature verification (RFC 7517 sections 4.2, 4.3).
    NotForSignatures,
    /// The algorithm requires another kind of key.
    WrongAlgorithm,
    /// Others may know the key: a symmetric or private key in a key set (RFC 8725 section 3.5), or
    /// a public key used as a shared secret.
    Compromised,
    /// The key is too short or otherwise weak (RFC 7518 sections 3.2, 3.3).
    Weak,
    /// The values are not a key of this type: for example, a point is not on its curve.
    Invalid,
}

impl KeyError {
    pub(crate) fn new(kind: KeyErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { kind, message }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }

    pub(crate) fn wrong_algorithm(algorithm: super::Algorithm) -> Self {
        let message = format!("algorithm {algorithm} requires another kind of key");
        Self::new(KeyErrorKind::WrongAlgorithm, message)
    }

    /// The backend could not parse the key.
    pub(super) fn unparsable() -> Self {
        Self::new(
            KeyErrorKind::Invalid,
            "the key is not valid for its type: a point is not on its curve, or a value is out of range",
        )
    }
}

debug_as_display!(KeyError);
