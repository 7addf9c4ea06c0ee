use std::borrow::Cow;

use crate::untrusted::debug_as_display;

/// Why a key can't be used. `Debug` shows the message too.
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
    /// Not a key: the JWK or the PEM text can't be read, or a member is missing or of the wrong type.
    Malformed,
    /// A key type, a curve or an algorithm that is not supported.
    Unsupported,
    /// The key's `use` or `key_ops` say that it does not verify signatures (RFC 7517 sections 4.2, 4.3).
    NotForSignatures,
    /// The algorithm does not work with this kind of key.
    WrongAlgorithm,
    /// The key may be known to strangers: a symmetric or private key in a key set (RFC 8725 section
    /// 3.5), or a public key as a shared secret.
    Compromised,
    /// The key is too short or otherwise weak (RFC 7518 sections 3.2, 3.3).
    Weak,
    /// The numbers are not a key of this type: a point off its curve, for example.
    Invalid,
}

impl KeyError {
    pub(crate) fn new(kind: KeyErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { kind, message }
    }

    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }

    pub(super) fn wrong_algorithm(algorithm: super::Algorithm) -> Self {
        let message = format!("algorithm {algorithm} does not work with this kind of key");
        Self::new(KeyErrorKind::WrongAlgorithm, message)
    }

    /// A backend could not parse the key.
    pub(super) fn unparsable() -> Self {
        Self::new(
            KeyErrorKind::Invalid,
            "the key is not valid for its type: a point off its curve, or out of range",
        )
    }
}

debug_as_display!(KeyError);
