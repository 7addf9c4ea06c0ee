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

/// The verification keys of one issuer (RFC 7517 section 5), each parsed once.
///
/// A set is read key by key: one that can't be used is skipped, and the others serve.
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

/// What [`KeySet::parse`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParsedKeySet {
    /// The keys that can be used.
    pub keys: KeySet,
    /// The others, with the reason.
    pub skipped: Vec<SkippedKey>,
}

impl KeySet {
    /// Reads a JSON Web Key Set.
    ///
    /// # Errors
    ///
    /// When `json` is not a key set. A set without a usable key is not an error here.
    pub fn parse(json: &[u8]) -> Result<ParsedKeySet, KeySetError> {
        Self::parse_with(json, CryptoBackend::fastest(), usize::MAX)
    }

    pub(crate) fn parse_with(
        json: &[u8],
        backend: CryptoBackend,
        max_keys: usize,
    ) -> Result<ParsedKeySet, KeySetError> {
        /// A set without `keys` is an empty one: that is what authentik serves before it has a key.
        #[derive(Deserialize)]
        struct Document<'a> {
            #[serde(borrow)]
            keys: Option<Vec<&'a RawValue>>,
            jwks_uri: Option<String>,
        }

        let document: Document<'_> =
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

    /// The keys of both sets.
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

    /// This set, with each key that `old` holds too taken from there: a key that survives a refresh
    /// stays the same object, so that tokens already verified by it stay verified.
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

    /// Withdraws every key that `newer` does not hold.
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

    /// The keys with this `kid`, or those without any.
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

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys, in the order of the set.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<VerificationKey>> {
        self.keys.iter()
    }

    /// Whether some key bears this `kid`, fit for the token's algorithm or not.
    pub(crate) fn knows(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    /// The keys that can have signed a token, for every provider alike:
    ///
    /// - without `kid` in the token, all that fit its algorithm;
    /// - with one, the keys that have it and fit the algorithm (keys that share a `kid` are told apart
    ///   by that); if no key has it, the keys without any `kid` that fit.
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

/// Bounded, however many keys there are: it is part of the authorizer's.
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

    /// AWS-LC finds out that an Ed25519 key is not a point of its curve with the first signature, and
    /// refuses every one; ed25519-dalek refuses the key.
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
