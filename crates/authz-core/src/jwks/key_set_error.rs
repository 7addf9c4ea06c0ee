use std::fmt;

use url::Url;

use super::address::redact;
use crate::{
    crypto::KeyError,
    untrusted::{Bounded, ERROR_BYTES, Excerpt, debug_as_display},
};

/// Why a document is not a usable key set. `Debug` prints the message.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct KeySetError {
    kind: KeySetErrorKind,
    message: String,
    skipped: Vec<SkippedKey>,
}

/// The kinds of [`KeySetError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySetErrorKind {
    /// The document is not a JSON object with an array `keys` (RFC 7517 section 5).
    Malformed,
    /// The set has more keys than [the limit](super::RemoteJwksBuilder::max_keys).
    TooManyKeys,
    /// The document is the issuer's metadata; its `jwks_uri` is the address of the key set.
    IssuerMetadata,
    /// None of the keys is usable.
    NoUsableKey,
}

/// A key that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// The key's position in the set, from 0.
    pub index: usize,
    /// The key's `kid`, truncated to 64 characters.
    pub kid: Option<String>,
    /// Why the key is not used.
    pub error: KeyError,
}

impl KeySetError {
    fn new(kind: KeySetErrorKind, message: String) -> Self {
        Self {
            kind,
            message,
            skipped: Vec::new(),
        }
    }

    pub(crate) fn malformed(problem: &impl fmt::Display) -> Self {
        let problem = Bounded(problem, ERROR_BYTES);
        let message = format!("not a JSON Web Key Set (RFC 7517 section 5): {problem}");
        Self::new(KeySetErrorKind::Malformed, message)
    }

    pub(super) fn too_many(actual: usize, limit: usize) -> Self {
        let message = format!("the key set has {actual} keys: at most {limit} are accepted");
        Self::new(KeySetErrorKind::TooManyKeys, message)
    }

    pub(super) fn issuer_metadata(jwks_uri: &str) -> Self {
        let message = format!(
            "the document is the issuer's metadata, not its key set: use the address in its jwks_uri, {}",
            Excerpt(&redact(jwks_uri))
        );
        Self::new(KeySetErrorKind::IssuerMetadata, message)
    }

    pub(super) fn no_usable_key(mut skipped: Vec<SkippedKey>) -> Self {
        let total = skipped.len();
        let first = skipped
            .first()
            .map_or_else(String::new, |skipped| format!(": {skipped}"));
        // The error is stored until the next fetch, so it must stay small.
        skipped.truncate(SkippedKey::SHOWN);
        skipped.shrink_to_fit();
        let message = format!("none of the {total} keys of the set is usable{first}");
        Self {
            skipped,
            ..Self::new(KeySetErrorKind::NoUsableKey, message)
        }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> KeySetErrorKind {
        self.kind
    }

    /// Returns the first 16 keys of a set without a usable key, and why each is not used.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }
}

impl SkippedKey {
    const SHOWN: usize = 16;

    /// Logs the first 16 skipped keys and the number of others. `url` is set if the key set was
    /// fetched.
    pub(super) fn log(skipped: &[Self], url: Option<&Url>) {
        let url = url.map(|url| redact(url.as_str()));
        for skipped in skipped.iter().take(Self::SHOWN) {
            tracing::warn!(
                target: "authz::keys", url, key = skipped.index,
                kid = skipped.kid.as_deref().map(Excerpt).map(tracing::field::debug),
                error = %Bounded(&skipped.error, ERROR_BYTES),
                "a key of the set is not used"
            );
        }
        if let Some(more) = skipped.len().checked_sub(Self::SHOWN).filter(|it| *it > 0) {
            tracing::warn!(target: "authz::keys", url, more, "further keys of the set are not used");
        }
    }
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, error, .. } = self;
        match &self.kid {
            Some(kid) => write!(
                f,
                "key {index} ({}) of the set is not used: {error}",
                Excerpt(kid)
            ),
            None => write!(
                f,
                "key {index} (without kid) of the set is not used: {error}"
            ),
        }
    }
}

debug_as_display!(KeySetError);
