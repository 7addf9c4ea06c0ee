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

/// Keys that are configured at start and never change.
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
    /// Parses a JSON Web Key Set (RFC 7517 section 5). Unusable keys are logged and skipped.
    ///
    /// # Errors
    ///
    /// Returns an error if `json` is not a key set or does not contain a usable key.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeySetError> {
        let parsed = KeySet::parse(json)?;
        if parsed.keys.is_empty() {
            return Err(KeySetError::no_usable_key(parsed.skipped));
        }
        SkippedKey::log(&parsed.skipped, None);
        Ok(Self { keys: parsed.keys })
    }

    /// Parses a PEM text labeled `PUBLIC KEY` (RFC 7468 section 13), `RSA PUBLIC KEY` or
    /// `CERTIFICATE`. Of a certificate, only the key is used: its issuer and validity are not
    /// checked.
    ///
    /// The key verifies tokens with any `kid`, but only with `algorithm`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such a key, or if the key is too weak or does not fit
    /// the algorithm.
    pub fn from_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        let material = pem::parse(pem)?;
        let key = VerificationKey::new(None, material, Some(algorithm), CryptoBackend::fastest())?;
        Ok(Self {
            keys: KeySet::from_keys(vec![Arc::new(key)]),
        })
    }

    /// Adds the keys of `other`.
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

/// A secret shared with the issuer, for HS256, HS384 or HS512.
///
/// Anyone who can verify such a token can also forge one, so prefer public keys. Also add the
/// algorithm to [`Issuer::algorithms`](crate::Issuer::algorithms).
pub struct SharedSecret {
    key: Arc<VerificationKey>,
}

impl SharedSecret {
    /// Creates a secret for HS256, of at least 32 bytes (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is too short or is a public key.
    pub fn hs256(secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(Algorithm::HS256, secret)
    }

    /// Creates a secret for HS384, of at least 48 bytes (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is too short or is a public key.
    pub fn hs384(secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(Algorithm::HS384, secret)
    }

    /// Creates a secret for HS512, of at least 64 bytes (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is too short or is a public key.
    pub fn hs512(secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(Algorithm::HS512, secret)
    }

    fn new(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        debug_assert_eq!(algorithm.family(), KeyFamily::Hmac);
        let secret = secret.into();
        if is_public_key(&secret) {
            return Err(KeyError::new(
                KeyErrorKind::Compromised,
                "the shared secret is a public key or a key file, which others may know",
            ));
        }
        let material = KeyMaterial::secret(secret);
        let backend = CryptoBackend::fastest();
        let key = VerificationKey::new(None, material, Some(algorithm), backend)?;
        Ok(Self { key: Arc::new(key) })
    }
}

/// Returns `true` if `secret` contains a public key or a key file as PEM or OpenSSH, or is a JWK.
///
/// Anyone who knows the public key could sign with it (PyJWT's CVE-2022-29217, fast-jwt's
/// CVE-2023-48223). A token can't cause that here, because it never chooses the kind of key. This
/// check finds a key that was pasted into the wrong setting.
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
