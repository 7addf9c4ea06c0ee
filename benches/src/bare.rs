//! What validation can't do without: the signature check alone, the cache lookup alone, and the
//! floor, which is decoding and reading the token once.

use std::{fmt, sync::Arc};

use authz_core::Algorithm;
use authz_testkit::SigningKey;
use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
        ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use foldhash::fast::RandomState;
use quick_cache::{Weighter, sync::Cache};
use serde::Deserialize;

use crate::fixture::Caller;

/// A token's signature and what it signs, decoded beforehand.
#[derive(Clone, Debug)]
pub struct Signature {
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// A public key as the signature check wants it.
pub enum BareKey {
    /// RSA: modulus and exponent.
    Rsa(&'static RsaParameters, Vec<u8>, Vec<u8>),
    /// A curve's point, or an ML-DSA key.
    Bytes(&'static dyn VerificationAlgorithm, Vec<u8>),
    /// A shared secret.
    Secret(Vec<u8>),
}

/// A key parsed beforehand.
pub enum Parsed {
    /// Public.
    Key(ParsedPublicKey),
    /// Shared. Boxed: it is twenty times as large as the other.
    Secret(Box<hmac::Key>),
}

impl Signature {
    /// Of this token.
    ///
    /// # Panics
    ///
    /// When it is no token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let (message, signature) = token.rsplit_once('.').expect("a token has parts");
        Self {
            message: message.into(),
            signature: URL_SAFE_NO_PAD.decode(signature).expect("in base64url"),
        }
    }
}

impl BareKey {
    /// The public half of `key`.
    ///
    /// # Panics
    ///
    /// For algorithms that are not measured.
    #[must_use]
    pub fn of(key: &SigningKey) -> Self {
        let jwk = key.public_jwk();
        let member = |name: &str| {
            let text = jwk[name].as_str().expect("a member of the key");
            URL_SAFE_NO_PAD.decode(text).expect("in base64url")
        };
        let point = || [vec![4], member("x"), member("y")].concat();
        match key.algorithm() {
            Algorithm::RS256 => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256, member("n"), member("e")),
            Algorithm::PS256 => Self::Rsa(&RSA_PSS_2048_8192_SHA256, member("n"), member("e")),
            Algorithm::ES256 => Self::Bytes(&ECDSA_P256_SHA256_FIXED, point()),
            Algorithm::ES384 => Self::Bytes(&ECDSA_P384_SHA384_FIXED, point()),
            Algorithm::ES512 => Self::Bytes(&ECDSA_P521_SHA512_FIXED, point()),
            Algorithm::EdDSA => Self::Bytes(&ED25519, member("x")),
            Algorithm::MLDSA44 => Self::Bytes(&ML_DSA_44, member("pub")),
            Algorithm::MLDSA65 => Self::Bytes(&ML_DSA_65, member("pub")),
            Algorithm::MLDSA87 => Self::Bytes(&ML_DSA_87, member("pub")),
            Algorithm::HS256 => Self::Secret(key.secret().expect("a shared secret").into()),
            other => panic!("{other} is not measured"),
        }
    }

    /// Parsed, for many checks.
    ///
    /// # Panics
    ///
    /// When the key is none.
    #[must_use]
    pub fn parse(&self) -> Parsed {
        match self {
            Self::Rsa(parameters, n, e) => {
                let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters);
                Parsed::Key(key.expect("a good key"))
            }
            Self::Bytes(algorithm, point) => {
                Parsed::Key(ParsedPublicKey::new(*algorithm, point).expect("a good key"))
            }
            Self::Secret(secret) => {
                Parsed::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
            }
        }
    }

    /// One check with a key that nobody parsed before.
    #[must_use]
    pub fn parse_and_verify(&self, signed: &Signature) -> bool {
        let Signature { message, signature } = signed;
        match self {
            Self::Rsa(parameters, n, e) => RsaPublicKeyComponents { n, e }
                .verify(parameters, message, signature)
                .is_ok(),
            Self::Bytes(algorithm, point) => UnparsedPublicKey::new(*algorithm, point)
                .verify(message, signature)
                .is_ok(),
            Self::Secret(_) => self.parse().verify(signed),
        }
    }
}

impl Parsed {
    /// The bare signature check.
    #[must_use]
    pub fn verify(&self, signed: &Signature) -> bool {
        let Signature { message, signature } = signed;
        match self {
            Self::Key(key) => key.verify_sig(message, signature).is_ok(),
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// What the floor reads of a header.
#[derive(Debug, Deserialize)]
pub struct FloorHeader<'a> {
    /// `alg`
    pub alg: &'a str,
    /// `kid`
    pub kid: &'a str,
    /// `typ`
    pub typ: &'a str,
}

/// What the floor reads of the claims, all of it to be kept.
#[derive(Debug, Deserialize)]
pub struct FloorClaims {
    /// `iss`
    pub iss: String,
    /// `sub`
    pub sub: String,
    /// `aud`
    pub aud: Vec<String>,
    /// `iat`
    pub iat: u64,
    /// `exp`
    pub exp: u64,
    /// `azp`
    pub azp: String,
    /// `scope`
    pub scope: String,
    /// `permissions`
    pub permissions: Vec<String>,
    /// `org_id`
    pub org_id: String,
}

/// Decodes the three parts of `token` and reads header and claims once each: no rule is applied,
/// no name is looked for twice, nothing is checked. `SIGNATURE` is the room for the signature, in bytes.
///
/// # Panics
///
/// When it is not the token that is measured.
#[must_use]
pub fn floor<const SIGNATURE: usize>(token: &str) -> FloorClaims {
    let mut parts = token.split('.');
    let mut decode = |buffer: &mut [u8]| {
        let part = parts.next().expect("three parts");
        URL_SAFE_NO_PAD
            .decode_slice(part, buffer)
            .expect("in base64url")
    };
    let (mut header, mut payload, mut signature) = ([0; 256], [0; 2048], [0; SIGNATURE]);
    let header_len = decode(&mut header);
    let payload_len = decode(&mut payload);
    decode(&mut signature);
    std::hint::black_box(&signature);
    let header: FloorHeader<'_> = serde_json::from_slice(&header[..header_len]).expect("a header");
    std::hint::black_box(&header);
    serde_json::from_slice(&payload[..payload_len]).expect("claims")
}

/// The cache that the library uses, with its hasher, and nothing around it.
pub type BareCache = Cache<Box<str>, Arc<Caller>, ByLength, RandomState>;

/// Weighs an entry by its token.
#[derive(Clone, Debug)]
pub struct ByLength;

impl<V> Weighter<Box<str>, V> for ByLength {
    fn weight(&self, token: &Box<str>, _: &V) -> u64 {
        token.len() as u64 + 1024
    }
}

/// A cache with these tokens and the application's claims of each, and room for all of them.
///
/// # Panics
///
/// When they are no tokens.
#[must_use]
pub fn cache<'t>(tokens: impl ExactSizeIterator<Item = &'t str>) -> BareCache {
    let capacity = tokens.len().max(1) * 2;
    let cache = Cache::with(
        capacity,
        capacity as u64 * 4096,
        ByLength,
        RandomState::default(),
        quick_cache::sync::DefaultLifecycle::default(),
    );
    for token in tokens {
        let payload = token.split('.').nth(1).expect("three parts");
        let payload = URL_SAFE_NO_PAD.decode(payload).expect("in base64url");
        let caller: Caller = serde_json::from_slice(&payload).expect("claims");
        cache.insert(token.into(), Arc::new(caller));
    }
    cache
}

impl fmt::Debug for BareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BareKey")
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed")
    }
}
