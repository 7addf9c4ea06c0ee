//! Keys of AWS-LC.

use authz_core::{Algorithm, KeyFamily};
use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair,
        PqdsaSigningAlgorithm, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
        RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    },
};

use super::size::RsaSize;

pub(super) struct RsaKey(RsaKeyPair);

pub(super) struct EcKey(KeyFamily, EcdsaKeyPair);

pub(super) struct Ed25519Key(Ed25519KeyPair);

pub(super) struct MlDsaKey(Algorithm, PqdsaKeyPair);

impl RsaKey {
    pub(super) fn generate(size: RsaSize) -> Self {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
            RsaSize::Bits8192 => KeySize::Rsa8192,
        };
        Self(RsaKeyPair::generate(size).expect(RANDOMNESS))
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        RsaKeyPair::from_pkcs8(der).ok().map(Self)
    }

    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::RS256 => &RSA_PKCS1_SHA256,
            Algorithm::RS384 => &RSA_PKCS1_SHA384,
            Algorithm::RS512 => &RSA_PKCS1_SHA512,
            Algorithm::PS256 => &RSA_PSS_SHA256,
            Algorithm::PS384 => &RSA_PSS_SHA384,
            Algorithm::PS512 => &RSA_PSS_SHA512,
            _ => unreachable!("{algorithm} is not an RSA algorithm"),
        };
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .expect("the buffer is as long as the modulus");
        signature
    }

    /// Returns the modulus and the exponent, both big-endian.
    pub(super) fn public_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        let public = self.0.public_key();
        (
            public.modulus().big_endian_without_leading_zero().to_vec(),
            public.exponent().big_endian_without_leading_zero().to_vec(),
        )
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        x509(self.0.public_key())
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        let der: Pkcs8V1Der<'_> = self.0.as_der().expect(WRITTEN);
        der.as_ref().to_vec()
    }
}

impl EcKey {
    pub(super) fn generate(curve: KeyFamily) -> Self {
        let pair = EcdsaKeyPair::generate(signing(curve)).expect(RANDOMNESS);
        Self(curve, pair)
    }

    pub(super) fn from_pkcs8(curve: KeyFamily, der: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(signing(curve), der).ok()?;
        Some(Self(curve, pair))
    }

    pub(super) fn curve(&self) -> KeyFamily {
        self.0
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.1.sign(&SystemRandom::new(), message);
        signature.expect(RANDOMNESS).as_ref().to_vec()
    }

    /// Returns the uncompressed point: the byte 4, then two coordinates of equal length.
    pub(super) fn public_point(&self) -> Vec<u8> {
        self.1.public_key().as_ref().to_vec()
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        x509(self.1.public_key())
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        self.1.to_pkcs8v1().expect(WRITTEN).as_ref().to_vec()
    }
}

impl Ed25519Key {
    pub(super) fn generate() -> Self {
        Self(Ed25519KeyPair::generate().expect(RANDOMNESS))
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_pkcs8(der).ok().map(Self)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    pub(super) fn public_point(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        x509(self.0.public_key())
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        self.0.to_pkcs8v1().expect(WRITTEN).as_ref().to_vec()
    }
}

impl MlDsaKey {
    pub(super) fn generate(algorithm: Algorithm) -> Self {
        let pair = PqdsaKeyPair::generate(ml_dsa(algorithm)).expect(RANDOMNESS);
        Self(algorithm, pair)
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        let pair = PqdsaKeyPair::from_pkcs8(ml_dsa(algorithm), der).ok()?;
        Some(Self(algorithm, pair))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.0
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.1.algorithm().signature_len()];
        self.1.sign(message, &mut signature).expect(RANDOMNESS);
        signature
    }

    pub(super) fn public_bytes(&self) -> Vec<u8> {
        self.1.public_key().as_ref().to_vec()
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        x509(self.1.public_key())
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        self.1.to_pkcs8v1().expect(WRITTEN).as_ref().to_vec()
    }
}

pub(super) fn mac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        Algorithm::HS256 => hmac::HMAC_SHA256,
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => unreachable!("{algorithm} is not an HMAC algorithm"),
    };
    let tag = hmac::sign(&hmac::Key::new(hash, secret), message);
    tag.as_ref().to_vec()
}

pub(super) fn sha256(message: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, message).as_ref().to_vec()
}

fn signing(curve: KeyFamily) -> &'static EcdsaSigningAlgorithm {
    match curve {
        KeyFamily::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        KeyFamily::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        KeyFamily::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => unreachable!("{curve:?} is not a curve of ECDSA"),
    }
}

fn ml_dsa(algorithm: Algorithm) -> &'static PqdsaSigningAlgorithm {
    match algorithm {
        Algorithm::MLDSA44 => &ML_DSA_44_SIGNING,
        Algorithm::MLDSA65 => &ML_DSA_65_SIGNING,
        Algorithm::MLDSA87 => &ML_DSA_87_SIGNING,
        _ => unreachable!("{algorithm} is not an ML-DSA algorithm"),
    }
}

fn x509<'a, K: AsDer<PublicKeyX509Der<'a>>>(key: &K) -> Vec<u8> {
    key.as_der().expect(WRITTEN).as_ref().to_vec()
}

const RANDOMNESS: &str = "the system provides randomness";
const WRITTEN: &str = "a valid key can be encoded";
