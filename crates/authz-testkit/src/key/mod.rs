//! Keys that sign, and the public half that an issuer publishes.

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

use self::{material::Material, size::RsaSize};
use crate::{lock::Locked as _, random};

/// A key that signs tokens with one algorithm.
///
/// Cloning is cheap and gives the same key. `Debug` shows the `kid` and the algorithm, never the
/// secret part.
///
/// ```
/// use authz_testkit::{Algorithm, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::ES256).with_kid("2026-01");
/// assert_eq!(key.public_jwk()["kid"], "2026-01");
/// assert_eq!(key.sign(b"message").len(), 64); // r and s, as JOSE has it
/// ```
#[derive(Clone)]
pub struct SigningKey {
    material: Arc<Material>,
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
}

impl SigningKey {
    /// A fresh key with a random `kid`: 2048 bits for RSA, a secret as long as the hash for HMAC.
    ///
    /// # Panics
    ///
    /// If the system has no randomness to give.
    #[must_use]
    pub fn generate(algorithm: Algorithm) -> Self {
        Self::from_material(Material::generate(algorithm), algorithm)
    }

    /// A fresh RSA key of 2048, 3072, 4096 or 8192 bits.
    ///
    /// Generating takes time: a tenth of a second for 2048 bits, many seconds for 8192.
    ///
    /// # Panics
    ///
    /// If `algorithm` is not one of RSA, or `bits` is another number.
    #[must_use]
    pub fn generate_rsa(algorithm: Algorithm, bits: u32) -> Self {
        Self::from_material(Material::generate_rsa(RsaSize::of(bits)), algorithm)
    }

    /// A key of the given shared secret, as long or as short as wanted, with a random `kid`.
    ///
    /// Give it an RSA key's [`public_pem`](Self::public_pem) to forge the token of the classic
    /// algorithm confusion.
    ///
    /// # Panics
    ///
    /// If `algorithm` is not one of HMAC.
    #[must_use]
    pub fn hmac(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        Self::from_material(Material::Hmac(secret.into()), algorithm)
    }

    /// A key read from PKCS #8 DER: a fixed key for tokens that outlive the process.
    ///
    /// # Errors
    ///
    /// If the document is not a PKCS #8 private key that fits `algorithm`.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, InvalidKey> {
        Material::from_pkcs8(algorithm, der)
            .map(|material| Self::from_material(material, algorithm))
            .ok_or(InvalidKey { algorithm })
    }

    /// The one key that this process shares for `algorithm`: generated on first use, so that a
    /// suite with many tests pays for RSA once.
    #[must_use]
    pub fn shared(algorithm: Algorithm) -> Self {
        static SHARED: Mutex<BTreeMap<Algorithm, SigningKey>> = Mutex::new(BTreeMap::new());
        SHARED
            .locked()
            .entry(algorithm)
            .or_insert_with(|| Self::generate(algorithm))
            .clone()
    }

    /// A key that nobody else in this process holds at the moment, with a fresh random `kid`.
    ///
    /// RSA keys that everybody has dropped are used again instead of generated anew.
    pub(crate) fn unused(algorithm: Algorithm) -> Self {
        Self {
            material: pool::unused(algorithm),
            algorithm,
            kid: Some(random::identifier().into()),
        }
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        Self {
            kid: Some(kid.into().into()),
            ..self
        }
    }

    /// The same key without a `kid`.
    #[must_use]
    pub fn without_kid(self) -> Self {
        Self { kid: None, ..self }
    }

    /// The same key used with another algorithm, say RS256's key with PS256.
    ///
    /// # Panics
    ///
    /// If the algorithm needs another kind of key.
    #[must_use]
    pub fn with_algorithm(self, algorithm: Algorithm) -> Self {
        assert!(
            self.material.fits(algorithm),
            "{algorithm} needs another kind of key than {}",
            self.algorithm
        );
        Self { algorithm, ..self }
    }

    /// The `kid`, if the key has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm that [`sign`](Self::sign) uses.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature of `message` in the form that a JWS carries: `r || s` of fixed length for
    /// ECDSA (RFC 7518 section 3.4), the plain bytes for the others.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.material.sign(self.algorithm, message)
    }

    /// The public key as a JWK (RFC 7517) with `kid`, `use` `sig` and `alg`.
    ///
    /// For HMAC this is the `oct` JWK with the secret: something that no real issuer publishes.
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

    /// The public key as PEM, `BEGIN PUBLIC KEY`.
    ///
    /// # Panics
    ///
    /// For an HMAC key, which has no public half.
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

    /// The public key as DER of X.509's `SubjectPublicKeyInfo`.
    ///
    /// # Panics
    ///
    /// For an HMAC key, which has no public half.
    #[must_use]
    pub fn public_der(&self) -> Vec<u8> {
        self.material
            .public_der()
            .expect("an HMAC key has no public half: use `secret`")
    }

    /// The private key as PKCS #8 DER, or nothing for HMAC.
    #[must_use]
    pub fn to_pkcs8(&self) -> Option<Vec<u8>> {
        self.material.pkcs8()
    }

    /// The shared secret of an HMAC key.
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

/// A document that is not a private key for the algorithm it was read for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a PKCS #8 private key for {algorithm}")]
pub struct InvalidKey {
    algorithm: Algorithm,
}
