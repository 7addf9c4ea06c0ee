use std::collections::BTreeMap;

use authz_core::{Algorithm, KeyFamily};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

#[cfg(feature = "aws-lc-rs")]
use super::aws_lc as backend;
#[cfg(not(feature = "aws-lc-rs"))]
use super::rust_crypto as backend;
use super::size::RsaSize;
use crate::random;

/// The key itself, by type.
pub(super) enum Material {
    Rsa(backend::RsaKey),
    Ec(backend::EcKey),
    Ed25519(backend::Ed25519Key),
    MlDsa(backend::MlDsaKey),
    Hmac(Vec<u8>),
}

impl Material {
    pub(super) fn generate(algorithm: Algorithm) -> Self {
        match algorithm.family() {
            KeyFamily::Hmac => Self::Hmac(random::bytes(hash_length(algorithm))),
            KeyFamily::Rsa => Self::generate_rsa(RsaSize::Bits2048),
            curve @ (KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521) => {
                Self::Ec(backend::EcKey::generate(curve))
            }
            KeyFamily::Ed25519 => Self::Ed25519(backend::Ed25519Key::generate()),
            KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => {
                Self::MlDsa(backend::MlDsaKey::generate(algorithm))
            }
            _ => panic!("the testkit cannot make keys for {algorithm}"),
        }
    }

    pub(super) fn generate_rsa(size: RsaSize) -> Self {
        Self::Rsa(backend::RsaKey::generate(size))
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        match algorithm.family() {
            KeyFamily::Rsa => backend::RsaKey::from_pkcs8(der).map(Self::Rsa),
            curve @ (KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521) => {
                backend::EcKey::from_pkcs8(curve, der).map(Self::Ec)
            }
            KeyFamily::Ed25519 => backend::Ed25519Key::from_pkcs8(der).map(Self::Ed25519),
            KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => {
                backend::MlDsaKey::from_pkcs8(algorithm, der).map(Self::MlDsa)
            }
            _ => None,
        }
    }

    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.family() == algorithm.family()
    }

    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.sign(algorithm, message),
            Self::Ec(key) => key.sign(message),
            Self::Ed25519(key) => key.sign(message),
            Self::MlDsa(key) => key.sign(message),
            Self::Hmac(secret) => backend::mac(algorithm, secret, message),
        }
    }

    /// Returns `kty` and the JWK members that depend on it.
    pub(super) fn public_members(&self) -> Map<String, Value> {
        let jwk = match self {
            Self::Rsa(key) => {
                let (n, e) = key.public_numbers();
                json!({ "kty": "RSA", "n": base64url(&n), "e": base64url(&e) })
            }
            Self::Ec(key) => {
                let point = key.public_point();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = curve_name(key.curve());
                json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
            }
            Self::Ed25519(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&key.public_point()) })
            }
            Self::MlDsa(key) => {
                // `alg` is a member of its thumbprint too (RFC 9964 section 6).
                let algorithm = key.algorithm().name();
                json!({ "kty": "AKP", "alg": algorithm, "pub": base64url(&key.public_bytes()) })
            }
            Self::Hmac(secret) => json!({ "kty": "oct", "k": base64url(secret) }),
        };
        match jwk {
            Value::Object(members) => members,
            _ => unreachable!("every arm above is an object"),
        }
    }

    /// Returns the thumbprint (RFC 7638): the hash of the members that are required, in alphabetical order.
    pub(super) fn thumbprint(&self) -> String {
        let members = self.public_members();
        let sorted: BTreeMap<_, _> = members.iter().collect();
        let json = serde_json::to_string(&sorted).expect("strings can be written");
        sha256_base64url(json.as_bytes())
    }

    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => Some(key.public_der()),
            Self::Ec(key) => Some(key.public_der()),
            Self::Ed25519(key) => Some(key.public_der()),
            Self::MlDsa(key) => Some(key.public_der()),
            Self::Hmac(_) => None,
        }
    }

    pub(super) fn pkcs8(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => Some(key.pkcs8()),
            Self::Ec(key) => Some(key.pkcs8()),
            Self::Ed25519(key) => Some(key.pkcs8()),
            Self::MlDsa(key) => Some(key.pkcs8()),
            Self::Hmac(_) => None,
        }
    }

    fn family(&self) -> KeyFamily {
        match self {
            Self::Rsa(_) => KeyFamily::Rsa,
            Self::Ec(key) => key.curve(),
            Self::Ed25519(_) => KeyFamily::Ed25519,
            Self::MlDsa(key) => key.algorithm().family(),
            Self::Hmac(_) => KeyFamily::Hmac,
        }
    }
}

/// Bytes of the hash in an HMAC algorithm.
fn hash_length(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 32,
    }
}

fn curve_name(curve: KeyFamily) -> &'static str {
    match curve {
        KeyFamily::P384 => "P-384",
        KeyFamily::P521 => "P-521",
        _ => "P-256",
    }
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the SHA-256 of `message` in base64url.
pub(crate) fn sha256_base64url(message: &[u8]) -> String {
    base64url(&backend::sha256(message))
}
