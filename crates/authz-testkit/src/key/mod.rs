//! Keys that sign, and their public halves.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod material;
mod pool;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
mod rust_crypto;
mod size;

#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
compile_error!("authz-testkit needs one of the features `aws-lc-rs` and `rust-crypto` to sign");

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use authz_core::Algorithm;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

pub(crate) use self::material::sha256_base64url;
use self::{material::Material, size::RsaSize};
use crate::{lock::Locked as _, random};

/// A key that signs tokens with one algorithm.
///
/// Cloning is cheap and returns the same key. `Debug` shows the `kid` and the algorithm, never the
/// private part.
///
/// ```
/// use authz_testkit::{Algorithm, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::ES256).with_kid("2026-01");
/// assert_eq!(key.public_jwk()["kid"], "2026-01");
/// assert_eq!(key.sign(b"message").len(), 64); // r and s, as in JOSE
/// ```
#[derive(Clone)]
pub struct SigningKey {
    material: Arc<Material>,
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
}

impl SigningKey {
    /// Generates a key with a random `kid`: 2048 bits for RSA, a secret as long as the hash for HMAC.
    ///
    /// # Panics
    ///
    /// If the operating system provides no random numbers.
    #[must_use]
    pub fn generate(algorithm: Algorithm) -> Self {
        Self::from_material(Material::generate(algorithm), algorithm)
    }

    /// Generates an RSA key of 2048, 3072, 4096 or 8192 bits.
    ///
    /// It takes a tenth of a second for 2048 bits, and many seconds for 8192.
    ///
    /// # Panics
    ///
    /// If `algorithm` does not use RSA, or `bits` is another number.
    #[must_use]
    pub fn generate_rsa(algorithm: Algorithm, bits: u32) -> Self {
        Self::from_material(Material::generate_rsa(RsaSize::of(bits)), algorithm)
    }

    /// Returns an HMAC key with this secret, which may have any length, and a random `kid`.
    ///
    /// Pass an RSA key's [`public_pem`](Self::public_pem) to forge a token for an algorithm confusion
    /// attack.
    ///
    /// # Panics
    ///
    /// If `algorithm` does not use HMAC.
    #[must_use]
    pub fn hmac(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        Self::from_material(Material::Hmac(secret.into()), algorithm)
    }

    /// Parses a key from PKCS #8 DER, for tokens that outlive the process. The `kid` is random.
    ///
    /// # Errors
    ///
    /// If the document is not a PKCS #8 private key that fits `algorithm`.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, InvalidKey> {
        Material::from_pkcs8(algorithm, der)
            .map(|material| Self::from_material(material, algorithm))
            .ok_or(InvalidKey { algorithm })
    }

    /// Returns the key for `algorithm` that the whole process shares. It is generated on first use, so
    /// that a test suite generates an RSA key only once.
    #[must_use]
    pub fn shared(algorithm: Algorithm) -> Self {
        static SHARED: Mutex<BTreeMap<Algorithm, SigningKey>> = Mutex::new(BTreeMap::new());
        SHARED
            .locked()
            .entry(algorithm)
            .or_insert_with(|| Self::generate(algorithm))
            .clone()
    }

    /// Returns a key that is not in use elsewhere in this process, with a new random `kid`.
    ///
    /// Reuses RSA keys after their last user has dropped them.
    pub(crate) fn unused(algorithm: Algorithm) -> Self {
        Self {
            material: pool::unused(algorithm),
            algorithm,
            kid: Some(random::identifier().into()),
        }
    }

    /// Replaces the `kid`.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        Self {
            kid: Some(kid.into().into()),
            ..self
        }
    }

    /// Removes the `kid`.
    #[must_use]
    pub fn without_kid(self) -> Self {
        Self { kid: None, ..self }
    }

    /// Replaces the algorithm, for example RS256 with PS256.
    ///
    /// # Panics
    ///
    /// If the algorithm needs another type of key.
    #[must_use]
    pub fn with_algorithm(self, algorithm: Algorithm) -> Self {
        assert!(
            self.material.fits(algorithm),
            "{algorithm} needs another kind of key than {}",
            self.algorithm
        );
        Self { algorithm, ..self }
    }

    /// Returns the `kid`, if the key has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the algorithm that [`sign`](Self::sign) uses.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Signs `message` and returns the signature in JWS format: `r || s` of fixed length for ECDSA
    /// (RFC 7518 section 3.4).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.material.sign(self.algorithm, message)
    }

    /// Returns the public key as a JWK (RFC 7517) with `kid`, `use` `sig` and `alg`.
    ///
    /// For HMAC, returns the `oct` JWK with the secret, which a real issuer never publishes.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.material.public_members();
        jwk.insert("use".to_owned(), json!("sig"));
        jwk.insert("alg".to_owned(), json!(self.algorithm.name()));
        if let Some(kid) = self.kid() {
            jwk.insert("kid".to_owned(), json!(kid));
        }
        Value::Object(jwk)
    }

    /// Returns the key's SHA-256 thumbprint in base64url (RFC 7638), the `jkt` of tokens that are bound to it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.material.thumbprint()
    }

    /// Returns the public key as PEM, `BEGIN PUBLIC KEY`.
    ///
    /// # Panics
    ///
    /// If this is an HMAC key, which does not have a public half.
    #[must_use]
    pub fn public_pem(&self) -> String {
        let encoded = STANDARD.encode(self.public_der());
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for (index, character) in encoded.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        pem
    }

    /// Returns the public key as DER, X.509 `SubjectPublicKeyInfo`.
    ///
    /// # Panics
    ///
    /// If this is an HMAC key, which does not have a public half.
    #[must_use]
    pub fn public_der(&self) -> Vec<u8> {
        self.material
            .public_der()
            .expect("an HMAC key has no public half: use `secret`")
    }

    /// Returns the private key as PKCS #8 DER, or `None` for HMAC.
    #[must_use]
    pub fn to_pkcs8(&self) -> Option<Vec<u8>> {
        self.material.pkcs8()
    }

    /// Returns the shared secret of an HMAC key, or `None` for other keys.
    #[must_use]
    pub fn secret(&self) -> Option<&[u8]> {
        match &*self.material {
            Material::Hmac(secret) => Some(secret),
            _ => None,
        }
    }

    fn from_material(material: Material, algorithm: Algorithm) -> Self {
        assert!(
            material.fits(algorithm),
            "{algorithm} needs another kind of key"
        );
        Self {
            material: Arc::new(material),
            algorithm,
            kid: Some(random::identifier().into()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A document is not a private key for the requested algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a PKCS #8 private key for {algorithm}")]
pub struct InvalidKey {
    algorithm: Algorithm,
}
