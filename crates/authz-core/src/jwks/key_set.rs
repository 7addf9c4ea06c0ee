use std::{collections::HashMap, fmt, sync::Arc};

use foldhash::fast::RandomState;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    candidates::KeyCandidates,
    jwk::Jwk,
    key_set_error::{KeySetError, SkippedKey},
};
use crate::{
    crypto::{Algorithm, CryptoBackend, VerificationKey},
    untrusted::{Bounded, ERROR_BYTES},
};

/// The verification keys of one issuer (RFC 7517 section 5).
///
/// Each key is parsed on its own. An unusable key is skipped, and the others are used.
///
/// ```
/// use authz_core::jwks::KeySet;
///
/// let parsed = KeySet::parse(br#"{"keys":[
///     {"kty":"EC","crv":"P-256","kid":"good","use":"sig",
///      "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
///     {"kty":"RSA","kid":"encryption","use":"enc","n":"AQ","e":"AQAB"}
/// ]}"#)?;
/// assert_eq!(parsed.keys.len(), 1);
/// assert_eq!(parsed.skipped[0].kid.as_deref(), Some("encryption"));
/// # Ok::<(), authz_core::jwks::KeySetError>(())
/// ```
#[derive(Default)]
pub struct KeySet {
    keys: Vec<Arc<VerificationKey>>,
    by_kid: HashMap<Box<str>, Vec<usize>, RandomState>,
    without_kid: Vec<usize>,
}

/// The result of [`KeySet::parse`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ParsedKeySet {
    /// The usable keys.
    pub keys: KeySet,
    /// The other keys, with the reason.
    pub skipped: Vec<SkippedKey>,
}

impl KeySet {
    /// Parses a JSON Web Key Set.
    ///
    /// # Errors
    ///
    /// Returns an error if `json` is not a key set. A set without a usable key is not an error.
    pub fn parse(json: &[u8]) -> Result<ParsedKeySet, KeySetError> {
        Self::parse_with(json, CryptoBackend::fastest(), usize::MAX)
    }

    pub(crate) fn parse_with(
        json: &[u8],
        backend: CryptoBackend,
        max_keys: usize,
    ) -> Result<ParsedKeySet, KeySetError> {
        /// A document without `keys` is an empty set, as authentik sends before it has a key.
        #[derive(Deserialize)]
        struct KeySetDocument<'a> {
            #[serde(borrow)]
            keys: Option<Vec<&'a RawValue>>,
            jwks_uri: Option<String>,
        }

        let document: KeySetDocument<'_> =
            serde_json::from_slice(json).map_err(|error| KeySetError::malformed(&error))?;
        let members = match (document.keys, document.jwks_uri) {
            (None, Some(uri)) => return Err(KeySetError::issuer_metadata(&uri)),
            (keys, _) => keys.unwrap_or_default(),
        };
        if members.len() > max_keys {
            return Err(KeySetError::too_many(members.len(), max_keys));
        }
        let mut keys = Vec::new();
        let mut skipped = Vec::new();
        for (index, json) in members.into_iter().enumerate() {
            let (kid, key) = match Jwk::parse(json.get()) {
                Ok(jwk) => (jwk.label(), jwk.into_key(backend)),
                Err(error) => (None, Err(error)),
            };
            match key {
                Ok(key) => keys.push(Arc::new(key)),
                Err(error) => skipped.push(SkippedKey { index, kid, error }),
            }
        }
        Ok(ParsedKeySet {
            keys: Self::from_keys(keys),
            skipped,
        })
    }

    /// Returns the keys of both sets.
    pub(crate) fn and(self, other: Self) -> Self {
        Self::from_keys(self.keys.into_iter().chain(other.keys).collect())
    }

    pub(crate) fn from_keys(keys: Vec<Arc<VerificationKey>>) -> Self {
        let mut by_kid: HashMap<Box<str>, Vec<usize>, RandomState> = HashMap::default();
        let mut without_kid = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            match key.kid() {
                Some(kid) => by_kid.entry(kid.into()).or_default().push(index),
                None => without_kid.push(index),
            }
        }
        Self {
            keys,
            by_kid,
            without_kid,
        }
    }

    /// Replaces each key that `old` contains too by the object from `old`, so tokens that it
    /// verified stay cached.
    pub(crate) fn keeping(self, old: &Self) -> Self {
        let keys = self
            .keys
            .into_iter()
            .map(|key| {
                let same = old.with_kid(key.kid());
                let mut same = same.filter(|old| old.is_usable() && old.is_same_as(&key));
                same.next().cloned().unwrap_or(key)
            })
            .collect();
        Self {
            keys,
            by_kid: self.by_kid,
            without_kid: self.without_kid,
        }
    }

    /// Withdraws every key that `newer` does not contain.
    pub(crate) fn withdraw_all_but(&self, newer: &Self) {
        for key in &self.keys {
            if !newer.with_kid(key.kid()).any(|it| Arc::ptr_eq(key, it)) {
                key.withdraw();
            }
        }
    }

    /// Withdraws every key.
    pub(crate) fn withdraw_all(&self) {
        for key in &self.keys {
            key.withdraw();
        }
    }

    /// Returns the keys with this `kid`, or those without a `kid`.
    fn with_kid<'a>(
        &'a self,
        kid: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<VerificationKey>> + use<'a> {
        let indices = match kid {
            Some(kid) => self.by_kid.get(kid).map(Vec::as_slice).unwrap_or_default(),
            None => &self.without_kid,
        };
        indices.iter().filter_map(|index| self.keys.get(*index))
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the keys in the order of the set.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<VerificationKey>> {
        self.keys.iter()
    }

    /// Returns `true` if a key has this `kid`, for any algorithm.
    pub(crate) fn knows(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    /// Returns the keys that may have signed a token. All providers use the same rules:
    ///
    /// - if the token has no `kid`: all keys that allow its algorithm;
    /// - if a key has the token's `kid`: the keys with this `kid` that allow the algorithm;
    /// - otherwise: the keys without `kid` that allow the algorithm.
    pub(crate) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Option<KeyCandidates> {
        let fits = |key: &&Arc<VerificationKey>| key.allows(algorithm);
        match kid {
            None => KeyCandidates::from_keys(self.keys.iter().filter(fits)),
            Some(kid) if self.knows(kid) => {
                KeyCandidates::from_keys(self.with_kid(Some(kid)).filter(fits))
            }
            Some(_) => KeyCandidates::from_keys(self.with_kid(None).filter(fits)),
        }
    }
}

/// The output is limited, because the authorizer's `Debug` includes it.
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = 2 * ERROR_BYTES;
        write!(
            f,
            "KeySet({})",
            Bounded(format_args!("{:?}", self.keys), bytes)
        )
    }
}

#[cfg(all(test, feature = "aws-lc-rs", feature = "rust-crypto"))]
mod tests {
    use super::*;

    /// For an Ed25519 key that is not on its curve, AWS-LC rejects every signature, and
    /// ed25519-dalek rejects the key.
    #[test]
    fn both_backends_accept_the_same_keys() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/jwks");
        let mut keys = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            let json = std::fs::read(seed.unwrap().path()).unwrap();
            let accepted = CryptoBackend::available().iter().map(|backend| {
                let parsed = KeySet::parse_with(&json, *backend, usize::MAX).ok()?;
                let others = parsed
                    .keys
                    .iter()
                    .filter(|key| !key.allows(Algorithm::EdDSA));
                Some(
                    others
                        .map(|key| key.kid().map(str::to_owned))
                        .collect::<Vec<_>>(),
                )
            });
            let accepted: Vec<_> = accepted.collect();
            assert_eq!(accepted[0], accepted[1]);
            keys += accepted[0].as_ref().map_or(0, Vec::len);
        }
        assert!(keys > 0);
    }
}
