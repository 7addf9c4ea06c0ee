use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{
    JwksProvider, KeyLookup, KeySet, KeySetError, KeyStatus, SkippedKey, UnknownKey,
    candidates::KeyCandidates,
};
use crate::{
    crypto::{
        Algorithm, CryptoBackend, KeyError, KeyErrorKind, KeyFamily, KeyMaterial, VerificationKey,
        pem,
    },
    token::ProtectedHeader,
};

/// Keys that are known at start and never change.
///
/// ```
/// use authz_core::jwks::StaticKeys;
///
/// let keys = StaticKeys::from_jwks(br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1",
///     "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#)?;
/// # Ok::<(), authz_core::jwks::KeySetError>(())
/// ```
#[derive(Debug)]
pub struct StaticKeys {
    keys: KeySet,
}

impl StaticKeys {
    /// The keys of a JSON Web Key Set.
    ///
    /// # Errors
    ///
    /// When `json` is not a key set or has no usable key. Keys that can't be used are logged and skipped.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeySetError> {
        let parsed = KeySet::parse(json)?;
        if parsed.keys.is_empty() {
            return Err(KeySetError::no_usable_key(parsed.skipped));
        }
        SkippedKey::log(&parsed.skipped, None);
        Ok(Self { keys: parsed.keys })
    }

    /// The key in a PEM text with the label `PUBLIC KEY` (RFC 7468 section 13), `RSA PUBLIC KEY` or
    /// `CERTIFICATE`, of which nothing but the key is looked at.
    ///
    /// It is used for tokens with any `kid`, and with `algorithm` alone.
    ///
    /// # Errors
    ///
    /// When the text is not such a key, or the key is too weak or not of the algorithm's kind.
    pub fn from_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        let material = pem::parse(pem)?;
        let key = VerificationKey::new(None, material, Some(algorithm), CryptoBackend::fastest())?;
        Ok(Self {
            keys: KeySet::from_keys(vec![Arc::new(key)]),
        })
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.keys = self.keys.and(other.keys);
        self
    }
}

impl From<KeySet> for StaticKeys {
    fn from(keys: KeySet) -> Self {
        Self { keys }
    }
}

#[async_trait]
impl JwksProvider for StaticKeys {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        let found = (self.keys).candidates(header.key_id(), header.algorithm());
        match found {
            Some(keys) => KeyLookup::Found(keys),
            None => KeyLookup::Unknown(match header.key_id() {
                Some(kid) if self.keys.knows(kid) => UnknownKey::WrongAlgorithm,
                _ => UnknownKey::NotInSet,
            }),
        }
    }

    fn status(&self) -> KeyStatus {
        KeyStatus {
            keys: self.keys.len(),
            key_ids: (self.keys.iter())
                .filter_map(|key| key.kid().map(str::to_owned))
                .collect(),
            ..KeyStatus::ready()
        }
    }
}

/// A secret shared with the issuer, for HS256, HS384 and HS512.
///
/// Whoever can check such a token can also make one: prefer an issuer with public keys. The
/// algorithm has to be accepted by name as well: see
/// [`Issuer::algorithms`](crate::Issuer::algorithms).
pub struct SharedSecret {
    key: Arc<VerificationKey>,
}

impl SharedSecret {
    /// A secret for HS256: 32 bytes at least (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// When the secret is shorter than the hash, or is a public key.
    pub fn hs256(secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(Algorithm::HS256, secret)
    }

    /// A secret for HS384: 48 bytes at least (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// When the secret is shorter than the hash, or is a public key.
    pub fn hs384(secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(Algorithm::HS384, secret)
    }

    /// A secret for HS512: 64 bytes at least (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// When the secret is shorter than the hash, or is a public key.
    pub fn hs512(secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(Algorithm::HS512, secret)
    }

    fn new(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        debug_assert_eq!(algorithm.family(), KeyFamily::Hmac);
        let secret = secret.into();
        if is_public_key(&secret) {
            return Err(KeyError::new(
                KeyErrorKind::Compromised,
                "the shared secret is a public key or a key file, which others can read",
            ));
        }
        let material = KeyMaterial::secret(secret);
        let backend = CryptoBackend::fastest();
        let key = VerificationKey::new(None, material, Some(algorithm), backend)?;
        Ok(Self { key: Arc::new(key) })
    }
}

/// Whether `secret` is a public key in one of its texts: PEM, OpenSSH, JWK.
///
/// Whoever reads the key set could sign with it (PyJWT's CVE-2022-29217, fast-jwt's CVE-2023-48223
/// and its kin). No caller can bring that about here, since a key's kind is never the token's to
/// choose; but a key pasted into the wrong setting is found at start this way. Text is looked for
/// anywhere, so that what stands before it hides nothing.
fn is_public_key(secret: &[u8]) -> bool {
    let contains = |text: &[u8]| secret.windows(text.len()).any(|part| part == text);
    let jwk = || serde_json::from_slice::<serde_json::Value>(secret).is_ok_and(|it| it.is_object());
    contains(b"-----BEGIN")
        || contains(b"ssh-rsa ")
        || contains(b"ssh-ed25519 ")
        || contains(b"ecdsa-sha2-")
        || jwk()
}

#[async_trait]
impl JwksProvider for SharedSecret {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        if self.key.allows(header.algorithm()) {
            KeyLookup::Found(KeyCandidates::from(Arc::clone(&self.key)))
        } else {
            KeyLookup::Unknown(UnknownKey::WrongAlgorithm)
        }
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret").finish_non_exhaustive()
    }
}
