use std::{collections::HashMap, fmt, sync::Arc};

use foldhash::fast::RandomState;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::{jwk::Jwk, provider::KeyCandidates, remote::redact};
use crate::{
    crypto::{Algorithm, CryptoBackend, KeyError, VerificationKey},
    untrusted::{Bounded, ERROR_BYTES, Excerpt, bounded_json_error, debug_as_displayed, shorten},
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

/// A key of a set that is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key {index} ({}) of the set is not used: {error}", shown_kid(kid.as_deref()))]
#[non_exhaustive]
pub struct SkippedKey {
    /// Where it stands in the set, from 0.
    pub index: usize,
    /// Its `kid`, cut to 64 characters.
    pub kid: Option<String>,
    /// Why.
    #[source]
    pub error: KeyError,
}

/// Why a document is not a key set.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Not a JSON object with an array `keys`.
    #[error("not a JSON Web Key Set (RFC 7517 section 5): {0}")]
    Malformed(#[source] serde_json::Error),
    /// More keys than the limit.
    #[error("a key set of {actual} keys: at most {limit} are accepted")]
    TooManyKeys {
        /// The limit.
        limit: usize,
        /// Keys in the set.
        actual: usize,
    },
    /// The issuer's metadata were given in place of the key set.
    #[error(
        "this is the issuer's metadata, not its key set: the address of the key set is its jwks_uri, {}",
        Excerpt(jwks_uri)
    )]
    IssuerMetadata {
        /// Where the document says that the key set is.
        jwks_uri: String,
    },
    /// No key could be used.
    #[error(
        "none of the {total} keys of the set can be used{}",
        first_reason(skipped)
    )]
    NoUsableKey {
        /// Keys in the set.
        total: usize,
        /// Why they were skipped: the first 16 of them.
        skipped: Vec<SkippedKey>,
    },
}

impl KeySet {
    /// Reads a JSON Web Key Set with the default backend.
    ///
    /// # Errors
    ///
    /// When `json` is not a key set. A set without a usable key is not an error here.
    pub fn parse(json: &[u8]) -> Result<ParsedKeySet, KeySetError> {
        Self::parse_with(json, CryptoBackend::default(), usize::MAX)
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

        let document: Document<'_> = serde_json::from_slice(json)
            .map_err(|error| KeySetError::Malformed(bounded_json_error(error)))?;
        let members = match (document.keys, document.jwks_uri) {
            (None, Some(uri)) => {
                let jwks_uri = shorten(&redact(&uri)).into_owned();
                return Err(KeySetError::IssuerMetadata { jwks_uri });
            }
            (keys, _) => keys.unwrap_or_default(),
        };
        if members.len() > max_keys {
            return Err(KeySetError::TooManyKeys {
                limit: max_keys,
                actual: members.len(),
            });
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

impl KeySetError {
    /// The error is kept until the next fetch: a set of many bad keys must not take much memory for so long.
    pub(super) fn no_usable_key(mut skipped: Vec<SkippedKey>) -> Self {
        let total = skipped.len();
        skipped.truncate(SkippedKey::TOLD);
        skipped.shrink_to_fit();
        Self::NoUsableKey { total, skipped }
    }
}

impl SkippedKey {
    const TOLD: usize = 16;

    /// Of a set at `url`, if it was fetched. A set of many such keys does not fill the log.
    pub(super) fn log(skipped: &[Self], url: Option<&Url>) {
        let url = url.map(|url| redact(url.as_str()));
        for skipped in skipped.iter().take(Self::TOLD) {
            tracing::warn!(
                target: "authz::keys", url, key = skipped.index,
                kid = skipped.kid.as_deref().map(Excerpt).map(tracing::field::debug),
                error = %Bounded(&skipped.error, ERROR_BYTES),
                "a key of the set is not used"
            );
        }
        if let Some(more) = skipped.len().checked_sub(Self::TOLD).filter(|it| *it > 0) {
            tracing::warn!(target: "authz::keys", url, more, "further keys of the set are not used");
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

impl fmt::Debug for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_as_displayed("KeySetError", self, f)
    }
}

fn shown_kid(kid: Option<&str>) -> String {
    kid.map_or_else(|| "without kid".to_owned(), |kid| Excerpt(kid).to_string())
}

fn first_reason(skipped: &[SkippedKey]) -> String {
    skipped
        .first()
        .map_or_else(String::new, |skipped| format!(": {skipped}"))
}
