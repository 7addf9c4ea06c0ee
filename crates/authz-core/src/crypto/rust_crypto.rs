use std::marker::PhantomData;

use aes_gcm::{Aes256Gcm, aead::AeadInOut};
use ed25519_dalek::VerifyingKey as Ed25519Key;
use hmac::{Hmac, KeyInit, Mac};
use ml_dsa::{MlDsa44, MlDsa65, MlDsa87, MlDsaParams};
use rsa::{BoxedUint, PublicKey, pkcs1v15, pss, signature::Verifier};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{
    algorithm::{Algorithm, KeyFamily},
    error::KeyError,
    material::KeyMaterial,
    signature_check::SignatureCheck,
};

pub(super) fn prepare(
    material: &KeyMaterial,
    algorithm: Algorithm,
) -> Result<Box<dyn SignatureCheck>, KeyError> {
    match material {
        KeyMaterial::Secret(secret) => mac(secret.bytes(), algorithm),
        KeyMaterial::Rsa { n, e } => rsa_key(n, e, algorithm),
        KeyMaterial::Ec { family, point } => ec_key(*family, point),
        KeyMaterial::Ed25519(point) => {
            let key = Ed25519Key::from_bytes(point).map_err(|_| KeyError::unparsable())?;
            Ok(Box::new(key))
        }
        KeyMaterial::MlDsa { family, public } => match family {
            KeyFamily::MlDsa44 => ml_dsa_key::<MlDsa44>(public),
            KeyFamily::MlDsa65 => ml_dsa_key::<MlDsa65>(public),
            KeyFamily::MlDsa87 => ml_dsa_key::<MlDsa87>(public),
            _ => Err(KeyError::unparsable()),
        },
    }
}

fn mac(secret: &[u8], algorithm: Algorithm) -> Result<Box<dyn SignatureCheck>, KeyError> {
    fn prepared<M: KeyInit>(secret: &[u8]) -> Result<KeyedMac<M>, KeyError> {
        M::new_from_slice(secret)
            .map(KeyedMac)
            .map_err(|_| KeyError::unparsable())
    }
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(prepared::<Hmac<Sha256>>(secret)?),
        Algorithm::HS384 => Box::new(prepared::<Hmac<Sha384>>(secret)?),
        Algorithm::HS512 => Box::new(prepared::<Hmac<Sha512>>(secret)?),
        _ => return Err(KeyError::wrong_algorithm(algorithm)),
    })
}

fn rsa_key(n: &[u8], e: &[u8], algorithm: Algorithm) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = PublicKey::new(
        BoxedUint::from_be_slice_vartime(n),
        BoxedUint::from_be_slice_vartime(e),
    )
    .map_err(|_| KeyError::unparsable())?;
    macro_rules! pkcs1v15 {
        ($hash:ident) => {
            Box::new(Asymmetric::<_, pkcs1v15::Signature>::new(
                pkcs1v15::VerifyingKey::<$hash>::new(key),
            ))
        };
    }
    // `new` requires a salt as long as the hash (RFC 7518 section 3.5).
    macro_rules! pss {
        ($hash:ident) => {
            Box::new(Asymmetric::<_, pss::Signature>::new(pss::VerifyingKey::<
                $hash,
            >::new(key)))
        };
    }
    Ok(match algorithm {
        Algorithm::RS256 => pkcs1v15!(Sha256),
        Algorithm::RS384 => pkcs1v15!(Sha384),
        Algorithm::RS512 => pkcs1v15!(Sha512),
        Algorithm::PS256 => pss!(Sha256),
        Algorithm::PS384 => pss!(Sha384),
        Algorithm::PS512 => pss!(Sha512),
        _ => return Err(KeyError::wrong_algorithm(algorithm)),
    })
}

fn ec_key(family: KeyFamily, point: &[u8]) -> Result<Box<dyn SignatureCheck>, KeyError> {
    macro_rules! key {
        ($curve:ident) => {
            Box::new(Asymmetric::<_, $curve::ecdsa::Signature>::new(
                $curve::ecdsa::VerifyingKey::from_sec1_bytes(point)
                    .map_err(|_| KeyError::unparsable())?,
            ))
        };
    }
    Ok(match family {
        KeyFamily::P256 => key!(p256),
        KeyFamily::P384 => key!(p384),
        KeyFamily::P521 => key!(p521),
        _ => return Err(KeyError::unparsable()),
    })
}

/// Its `Verifier` is the pure variant with an empty context (RFC 9964 section 5).
fn ml_dsa_key<P>(public: &[u8]) -> Result<Box<dyn SignatureCheck>, KeyError>
where
    P: MlDsaParams + 'static,
    ml_dsa::VerifyingKey<P>: Send + Sync,
{
    let key =
        ml_dsa::VerifyingKey::<P>::new_from_slice(public).map_err(|_| KeyError::unparsable())?;
    Ok(Box::new(Asymmetric::<_, ml_dsa::Signature<P>>::new(key)))
}

/// The keyed state, cloned for each signature.
struct KeyedMac<M>(M);

impl<M: Mac + Clone + Send + Sync> SignatureCheck for KeyedMac<M> {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // Compares in constant time.
        self.0
            .clone()
            .chain_update(message)
            .verify_slice(signature)
            .is_ok()
    }
}

/// A key and the type of its signatures, parsed from the JOSE form: `r || s` for ECDSA (RFC 7518
/// section 3.4), an integer for RSA.
struct Asymmetric<K, S>(K, PhantomData<fn() -> S>);

impl<K, S> Asymmetric<K, S> {
    const fn new(key: K) -> Self {
        Self(key, PhantomData)
    }
}

impl<K, S> SignatureCheck for Asymmetric<K, S>
where
    K: Verifier<S> + Send + Sync,
    S: for<'a> TryFrom<&'a [u8]>,
{
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        S::try_from(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

impl SignatureCheck for Ed25519Key {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.verify_strict(message, &signature).is_ok())
    }
}

pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

pub(super) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A shorter key is padded with zeros to the block of the hash (RFC 2104 section 2).
    let mut block = [0; 64];
    block.split_at_mut(key.len()).0.copy_from_slice(key);
    let mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.chain_update(message).finalize().into_bytes().into()
}

pub(super) fn seal(
    key: &[u8; 32],
    nonce: [u8; 12],
    associated: &[u8],
    data: &mut Vec<u8>,
) -> Option<()> {
    let cipher = Aes256Gcm::new(&(*key).into());
    let sealed = cipher.encrypt_in_place(&nonce.into(), associated, data);
    sealed.ok()
}

pub(super) fn open(
    key: &[u8; 32],
    nonce: [u8; 12],
    associated: &[u8],
    data: &mut Vec<u8>,
) -> Option<()> {
    let cipher = Aes256Gcm::new(&(*key).into());
    let opened = cipher.decrypt_in_place(&nonce.into(), associated, data);
    opened.ok()
}
