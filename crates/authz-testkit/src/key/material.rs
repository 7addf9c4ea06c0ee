use authz_core::Algorithm;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
        RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::random;

/// The key itself, by kind.
pub(super) enum Material {
    Rsa(RsaKeyPair),
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Vec<u8>),
}

/// A curve of RFC 7518 section 6.2.1.1. Each serves one algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

/// What an algorithm wants of its key.
enum Kind {
    Rsa(&'static dyn RsaEncoding),
    Ec(Curve),
    Ed25519,
    Hmac(hmac::Algorithm),
}

impl Kind {
    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::HS256 => Self::Hmac(hmac::HMAC_SHA256),
            Algorithm::HS384 => Self::Hmac(hmac::HMAC_SHA384),
            Algorithm::HS512 => Self::Hmac(hmac::HMAC_SHA512),
            Algorithm::RS256 => Self::Rsa(&RSA_PKCS1_SHA256),
            Algorithm::RS384 => Self::Rsa(&RSA_PKCS1_SHA384),
            Algorithm::RS512 => Self::Rsa(&RSA_PKCS1_SHA512),
            Algorithm::PS256 => Self::Rsa(&RSA_PSS_SHA256),
            Algorithm::PS384 => Self::Rsa(&RSA_PSS_SHA384),
            Algorithm::PS512 => Self::Rsa(&RSA_PSS_SHA512),
            Algorithm::ES256 => Self::Ec(Curve::P256),
            Algorithm::ES384 => Self::Ec(Curve::P384),
            Algorithm::ES512 => Self::Ec(Curve::P521),
            Algorithm::EdDSA => Self::Ed25519,
            _ => panic!("the testkit has no key for {algorithm} yet"),
        }
    }
}

impl Material {
    pub(super) fn generate(algorithm: Algorithm) -> Self {
        match Kind::of(algorithm) {
            Kind::Rsa(_) => Self::generate_rsa(2048),
            Kind::Ec(curve) => {
                let pair = EcdsaKeyPair::generate(curve.signing()).expect(RANDOMNESS);
                Self::Ec(curve, pair)
            }
            Kind::Ed25519 => Self::Ed25519(Ed25519KeyPair::generate().expect(RANDOMNESS)),
            Kind::Hmac(hash) => Self::Hmac(random::bytes(hash.tag_len())),
        }
    }

    pub(super) fn generate_rsa(bits: u32) -> Self {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => panic!("an RSA key has 2048, 3072, 4096 or 8192 bits here, not {bits}"),
        };
        Self::Rsa(RsaKeyPair::generate(size).expect(RANDOMNESS))
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        match Kind::of(algorithm) {
            Kind::Rsa(_) => RsaKeyPair::from_pkcs8(der).ok().map(Self::Rsa),
            Kind::Ec(curve) => EcdsaKeyPair::from_pkcs8(curve.signing(), der)
                .ok()
                .map(|pair| Self::Ec(curve, pair)),
            Kind::Ed25519 => Ed25519KeyPair::from_pkcs8(der).ok().map(Self::Ed25519),
            Kind::Hmac(_) => None,
        }
    }

    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match (self, Kind::of(algorithm)) {
            (Self::Rsa(_), Kind::Rsa(_))
            | (Self::Ed25519(_), Kind::Ed25519)
            | (Self::Hmac(_), Kind::Hmac(_)) => true,
            (Self::Ec(curve, _), Kind::Ec(wanted)) => *curve == wanted,
            _ => false,
        }
    }

    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match (self, Kind::of(algorithm)) {
            (Self::Rsa(pair), Kind::Rsa(encoding)) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .expect("the buffer is as long as the modulus");
                signature
            }
            (Self::Ec(_, pair), Kind::Ec(_)) => {
                let signature = pair.sign(&random, message).expect(RANDOMNESS);
                signature.as_ref().to_vec()
            }
            (Self::Ed25519(pair), Kind::Ed25519) => pair.sign(message).as_ref().to_vec(),
            (Self::Hmac(secret), Kind::Hmac(hash)) => {
                let tag = hmac::sign(&hmac::Key::new(hash, secret), message);
                tag.as_ref().to_vec()
            }
            _ => unreachable!("a key is only made for an algorithm that it fits"),
        }
    }

    /// The members of the JWK that describe the key: `kty` and what belongs to it.
    pub(super) fn public_members(&self) -> Map<String, Value> {
        let jwk = match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": base64url(public.modulus().big_endian_without_leading_zero()),
                    "e": base64url(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Self::Ec(curve, pair) => {
                // Uncompressed: one byte that says so, then two coordinates of equal length.
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": curve.name(), "x": base64url(x), "y": base64url(y) })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref()) })
            }
            Self::Hmac(secret) => json!({ "kty": "oct", "k": base64url(secret) }),
        };
        match jwk {
            Value::Object(members) => members,
            _ => unreachable!("every arm above is an object"),
        }
    }

    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa(pair) => pair.public_key().as_der(),
            Self::Ec(_, pair) => pair.public_key().as_der(),
            Self::Ed25519(pair) => pair.public_key().as_der(),
            Self::Hmac(_) => return None,
        }
        .expect("a public key that was generated here can be written");
        Some(der.as_ref().to_vec())
    }

    pub(super) fn pkcs8(&self) -> Option<Vec<u8>> {
        const WRITTEN: &str = "a private key that was generated here can be written";
        Some(match self {
            Self::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().expect(WRITTEN);
                der.as_ref().to_vec()
            }
            Self::Ec(_, pair) => pair.to_pkcs8v1().expect(WRITTEN).as_ref().to_vec(),
            Self::Ed25519(pair) => pair.to_pkcs8v1().expect(WRITTEN).as_ref().to_vec(),
            Self::Hmac(_) => return None,
        })
    }
}

impl Curve {
    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

const RANDOMNESS: &str = "the system gives randomness";
