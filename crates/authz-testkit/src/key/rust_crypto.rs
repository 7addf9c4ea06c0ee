//! Keys of the RustCrypto crates.

use authz_core::{Algorithm, KeyFamily};
use getrandom::SysRng;
use hmac::{Hmac, KeyInit, Mac as _};
use ml_dsa::{KeyExport as _, MlDsa44, MlDsa65, MlDsa87};
use rsa::{
    Generate as _, PrivateKey, pkcs1v15,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _},
    pss,
    signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _},
    traits::PublicKeyParts as _,
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::size::RsaSize;

pub(super) struct RsaKey(PrivateKey);

pub(super) enum EcKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

pub(super) struct Ed25519Key(ed25519_dalek::SigningKey);

pub(super) enum MlDsaKey {
    MlDsa44(ml_dsa::SigningKey<MlDsa44>),
    MlDsa65(ml_dsa::SigningKey<MlDsa65>),
    MlDsa87(ml_dsa::SigningKey<MlDsa87>),
}

impl RsaKey {
    pub(super) fn generate(size: RsaSize) -> Self {
        let bits = match size {
            RsaSize::Bits2048 => 2048,
            RsaSize::Bits3072 => 3072,
            RsaSize::Bits4096 => 4096,
            RsaSize::Bits8192 => 8192,
        };
        Self(PrivateKey::new(&mut SysRng, bits).expect(RANDOMNESS))
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        PrivateKey::from_pkcs8_der(der).ok().map(Self)
    }

    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        macro_rules! sign {
            ($scheme:ident, $hash:ident) => {
                $scheme::SigningKey::<$hash>::new(self.0.clone())
                    .try_sign_with_rng(&mut SysRng, message)
                    .expect(RANDOMNESS)
                    .to_vec()
            };
        }
        match algorithm {
            Algorithm::RS256 => sign!(pkcs1v15, Sha256),
            Algorithm::RS384 => sign!(pkcs1v15, Sha384),
            Algorithm::RS512 => sign!(pkcs1v15, Sha512),
            Algorithm::PS256 => sign!(pss, Sha256),
            Algorithm::PS384 => sign!(pss, Sha384),
            Algorithm::PS512 => sign!(pss, Sha512),
            _ => unreachable!("{algorithm} is not an RSA algorithm"),
        }
    }

    /// Returns the modulus and the exponent, both big-endian.
    pub(super) fn public_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        (self.0.n_bytes().into_vec(), self.0.e_bytes().into_vec())
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        let der = self.0.as_public_key().to_public_key_der();
        der.expect(WRITTEN).into_vec()
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        self.0.to_pkcs8_der().expect(WRITTEN).as_bytes().to_vec()
    }
}

macro_rules! on_curve {
    ($self:expr, $key:ident => $value:expr) => {
        match $self {
            EcKey::P256($key) => $value,
            EcKey::P384($key) => $value,
            EcKey::P521($key) => $value,
        }
    };
}

impl EcKey {
    pub(super) fn generate(curve: KeyFamily) -> Self {
        macro_rules! generate {
            ($curve:ident) => {
                $curve::ecdsa::SigningKey::try_generate_from_rng(&mut SysRng).expect(RANDOMNESS)
            };
        }
        match curve {
            KeyFamily::P256 => Self::P256(generate!(p256)),
            KeyFamily::P384 => Self::P384(generate!(p384)),
            KeyFamily::P521 => Self::P521(generate!(p521)),
            _ => unreachable!("{curve:?} is not a curve of ECDSA"),
        }
    }

    pub(super) fn from_pkcs8(curve: KeyFamily, der: &[u8]) -> Option<Self> {
        macro_rules! read {
            ($curve:ident) => {
                $curve::ecdsa::SigningKey::from_pkcs8_der(der).ok()?
            };
        }
        Some(match curve {
            KeyFamily::P256 => Self::P256(read!(p256)),
            KeyFamily::P384 => Self::P384(read!(p384)),
            KeyFamily::P521 => Self::P521(read!(p521)),
            _ => unreachable!("{curve:?} is not a curve of ECDSA"),
        })
    }

    pub(super) fn curve(&self) -> KeyFamily {
        match self {
            Self::P256(_) => KeyFamily::P256,
            Self::P384(_) => KeyFamily::P384,
            Self::P521(_) => KeyFamily::P521,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_vec()
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_vec()
            }
            Self::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign(message);
                signature.to_vec()
            }
        }
    }

    /// Returns the uncompressed point: the byte 4, then two coordinates of equal length.
    pub(super) fn public_point(&self) -> Vec<u8> {
        on_curve!(self, key => key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        on_curve!(self, key => key.verifying_key().to_public_key_der())
            .expect(WRITTEN)
            .into_vec()
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        on_curve!(self, key => key.to_pkcs8_der())
            .expect(WRITTEN)
            .as_bytes()
            .to_vec()
    }
}

impl Ed25519Key {
    pub(super) fn generate() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect(RANDOMNESS);
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let key = ed25519_dalek::SigningKey::from_pkcs8_der(der);
        key.ok().map(Self)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_vec()
    }

    pub(super) fn public_point(&self) -> Vec<u8> {
        self.0.verifying_key().to_bytes().to_vec()
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        let der = self.0.verifying_key().to_public_key_der();
        der.expect(WRITTEN).into_vec()
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        self.0.to_pkcs8_der().expect(WRITTEN).as_bytes().to_vec()
    }
}

macro_rules! of_any_set {
    ($self:expr, $key:ident => $value:expr) => {
        match $self {
            MlDsaKey::MlDsa44($key) => $value,
            MlDsaKey::MlDsa65($key) => $value,
            MlDsaKey::MlDsa87($key) => $value,
        }
    };
}

impl MlDsaKey {
    pub(super) fn generate(algorithm: Algorithm) -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect(RANDOMNESS);
        let seed = seed.into();
        match algorithm {
            Algorithm::MLDSA44 => Self::MlDsa44(ml_dsa::SigningKey::from_seed(&seed)),
            Algorithm::MLDSA65 => Self::MlDsa65(ml_dsa::SigningKey::from_seed(&seed)),
            Algorithm::MLDSA87 => Self::MlDsa87(ml_dsa::SigningKey::from_seed(&seed)),
            _ => unreachable!("{algorithm} is not an ML-DSA algorithm"),
        }
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::MLDSA44 => Self::MlDsa44(ml_dsa::SigningKey::from_pkcs8_der(der).ok()?),
            Algorithm::MLDSA65 => Self::MlDsa65(ml_dsa::SigningKey::from_pkcs8_der(der).ok()?),
            Algorithm::MLDSA87 => Self::MlDsa87(ml_dsa::SigningKey::from_pkcs8_der(der).ok()?),
            _ => unreachable!("{algorithm} is not an ML-DSA algorithm"),
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::MlDsa44(_) => Algorithm::MLDSA44,
            Self::MlDsa65(_) => Algorithm::MLDSA65,
            Self::MlDsa87(_) => Algorithm::MLDSA87,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        of_any_set!(self, key => key.sign(message).to_vec())
    }

    pub(super) fn public_bytes(&self) -> Vec<u8> {
        of_any_set!(self, key => key.as_ref().to_bytes().to_vec())
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        of_any_set!(self, key => key.as_ref().to_public_key_der())
            .expect(WRITTEN)
            .into_vec()
    }

    pub(super) fn pkcs8(&self) -> Vec<u8> {
        of_any_set!(self, key => key.to_pkcs8_der())
            .expect(WRITTEN)
            .as_bytes()
            .to_vec()
    }
}

pub(super) fn sha256(message: &[u8]) -> Vec<u8> {
    Sha256::digest(message).to_vec()
}

pub(super) fn mac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! mac {
        ($hash:ident) => {
            Hmac::<$hash>::new_from_slice(secret)
                .expect("HMAC takes a secret of any length")
                .chain_update(message)
                .finalize()
                .into_bytes()
                .to_vec()
        };
    }
    match algorithm {
        Algorithm::HS256 => mac!(Sha256),
        Algorithm::HS384 => mac!(Sha384),
        Algorithm::HS512 => mac!(Sha512),
        _ => unreachable!("{algorithm} is not an HMAC algorithm"),
    }
}

const RANDOMNESS: &str = "the system provides randomness";
const WRITTEN: &str = "a valid key can be encoded";
