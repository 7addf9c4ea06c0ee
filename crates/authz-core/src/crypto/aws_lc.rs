use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest, hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
        ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
        VerificationAlgorithm,
    },
};

use super::{
    algorithm::Algorithm, error::KeyError, material::KeyMaterial, signature_check::SignatureCheck,
};

pub(super) fn prepare(
    material: &KeyMaterial,
    algorithm: Algorithm,
) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = match material {
        KeyMaterial::Secret(secret) => {
            let digest = match algorithm {
                Algorithm::HS256 => hmac::HMAC_SHA256,
                Algorithm::HS384 => hmac::HMAC_SHA384,
                Algorithm::HS512 => hmac::HMAC_SHA512,
                _ => return Err(KeyError::wrong_algorithm(algorithm)),
            };
            return Ok(Box::new(hmac::Key::new(digest, secret.bytes())));
        }
        KeyMaterial::Rsa { n, e } => {
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa_parameters(algorithm)?)
        }
        KeyMaterial::Ec { point, .. } => ParsedPublicKey::new(raw_key_algorithm(algorithm)?, point),
        KeyMaterial::Ed25519(point) => ParsedPublicKey::new(raw_key_algorithm(algorithm)?, point),
        KeyMaterial::MlDsa { public, .. } => {
            ParsedPublicKey::new(raw_key_algorithm(algorithm)?, public)
        }
    };
    Ok(Box::new(key.map_err(|_| KeyError::unparsable())?))
}

fn rsa_parameters(algorithm: Algorithm) -> Result<&'static RsaParameters, KeyError> {
    Ok(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return Err(KeyError::wrong_algorithm(algorithm)),
    })
}

/// Returns the algorithm of keys that are parsed from their bytes.
///
/// ECDSA uses the fixed-length variants: JWS signatures are `r || s`, not DER (RFC 7518 section 3.4).
/// ML-DSA is the pure variant with an empty context (RFC 9964 section 5).
fn raw_key_algorithm(algorithm: Algorithm) -> Result<&'static dyn VerificationAlgorithm, KeyError> {
    Ok(match algorithm {
        Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::ES512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDSA => &ED25519,
        Algorithm::MLDSA44 => &ML_DSA_44,
        Algorithm::MLDSA65 => &ML_DSA_65,
        Algorithm::MLDSA87 => &ML_DSA_87,
        _ => return Err(KeyError::wrong_algorithm(algorithm)),
    })
}

impl SignatureCheck for ParsedPublicKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_sig(message, signature).is_ok()
    }
}

impl SignatureCheck for hmac::Key {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(self, message, signature).is_ok()
    }
}

pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    first_32_bytes(digest::digest(&digest::SHA256, message).as_ref())
}

pub(super) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    first_32_bytes(hmac::sign(&key, message).as_ref())
}

pub(super) fn seal(
    key: &[u8; 32],
    nonce: [u8; 12],
    associated: &[u8],
    data: &mut Vec<u8>,
) -> Option<()> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let sealed = key.seal_in_place_append_tag(nonce, Aad::from(associated), data);
    sealed.ok()
}

pub(super) fn open(
    key: &[u8; 32],
    nonce: [u8; 12],
    associated: &[u8],
    data: &mut Vec<u8>,
) -> Option<()> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let opened = key.open_in_place(nonce, Aad::from(associated), data).ok()?;
    let length = opened.len();
    data.truncate(length);
    Some(())
}

/// SHA-256 has 32 bytes.
fn first_32_bytes(hash: &[u8]) -> [u8; 32] {
    hash.first_chunk().copied().unwrap_or_default()
}
