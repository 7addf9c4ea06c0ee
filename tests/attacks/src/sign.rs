//! Signatures that no library makes: raw RSA blocks, ECDSA in DER, Ed25519 with chosen parts.

use authz_testkit::SigningKey;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use curve25519_dalek::{EdwardsPoint, Scalar};
use rsa::{BoxedUint, pkcs8::DecodePrivateKey, traits::PublicKeyParts};
use sha2::{Digest, Sha256, Sha512};

/// `header.payload.` of a token, as it is signed, and the token with another signature.
#[must_use]
pub fn resign(token: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let (input, _) = split(token);
    format!("{input}.{}", base64url(sign(input.as_bytes())))
}

/// The token with its signature changed.
#[must_use]
pub fn bend(token: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let (input, signature) = split(token);
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("a token of ours");
    format!("{input}.{}", base64url(change(signature)))
}

/// Base64url without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256.
#[must_use]
pub fn sha256(message: &[u8]) -> Vec<u8> {
    Sha256::digest(message).to_vec()
}

/// The private operation of RSA on a block of the modulus' length, without any padding.
#[must_use]
pub fn rsa_raw(key: &SigningKey, block: &[u8]) -> Vec<u8> {
    let key = private(key);
    let number = BoxedUint::from_be_slice(block, key.n().bits_precision()).expect("a block");
    let none = None::<&mut dyn rsa::rand_core::TryCryptoRng<Error = std::convert::Infallible>>;
    let signed = rsa::hazmat::rsa_decrypt(none, &key, &number).expect("less than the modulus");
    fixed(&signed, key.size())
}

/// `signature` plus the modulus, where that has no more bytes than the modulus itself.
#[must_use]
pub fn rsa_plus_modulus(key: &SigningKey, signature: &[u8]) -> Option<Vec<u8>> {
    let key = private(key);
    let wide = 8 * (key.size() as u32 + 8);
    let number = BoxedUint::from_be_slice(signature, wide).ok()?;
    let modulus = BoxedUint::from_be_slice(&key.n().as_ref().to_be_bytes(), wide).ok()?;
    let sum = number.wrapping_add(&modulus).to_be_bytes();
    let (high, low) = sum.split_at(sum.len() - key.size());
    high.iter().all(|byte| *byte == 0).then(|| low.to_vec())
}

fn private(key: &SigningKey) -> rsa::PrivateKey {
    let der = key.to_pkcs8().expect("an RSA key");
    rsa::PrivateKey::from_pkcs8_der(&der).expect("an RSA key of ours")
}

fn fixed(number: &BoxedUint, len: usize) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let (high, low) = bytes.split_at(bytes.len().saturating_sub(len));
    debug_assert!(high.iter().all(|byte| *byte == 0));
    let mut fixed = vec![0; len - low.len()];
    fixed.extend_from_slice(low);
    fixed
}

/// DER of `DigestInfo` for SHA-256 up to the digest (RFC 8017 section 9.2, note 1).
pub const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// `00 01 ff .. ff 00 info digest` (RFC 8017 section 9.2), `len` bytes long.
#[must_use]
pub fn pkcs1_block(len: usize, info: &[u8], digest: &[u8]) -> Vec<u8> {
    let fill = len - 3 - info.len() - digest.len();
    [&[0, 1][..], &vec![0xff; fill], &[0], info, digest].concat()
}

/// `r || s` as `SEQUENCE { INTEGER r, INTEGER s }`.
#[must_use]
pub fn der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let integer = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = &number[zeros.min(number.len() - 1)..];
        let pad = number[0] >= 0x80;
        let mut der = vec![2, number.len() as u8 + u8::from(pad)];
        der.extend(pad.then_some(0));
        der.extend_from_slice(number);
        der
    };
    let numbers = [integer(r), integer(s)].concat();
    [vec![0x30, numbers.len() as u8], numbers].concat()
}

/// The order of P-256's base point (FIPS 186-4 section D.1.2.3).
pub const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// `minuend - subtrahend` of two numbers of equal length, the first the larger.
#[must_use]
pub fn subtract(minuend: &[u8], subtrahend: &[u8]) -> Vec<u8> {
    let mut difference = minuend.to_vec();
    let mut borrow = 0;
    for (byte, other) in difference.iter_mut().zip(subtrahend).rev() {
        let next = i16::from(*byte) - i16::from(*other) - borrow;
        borrow = i16::from(next < 0);
        *byte = next.rem_euclid(256) as u8;
    }
    difference
}

/// The order of Ed25519's base point, little-endian (RFC 8032 section 5.1).
pub const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// `R || S` with the order added to `S`: the same signature to whoever reduces `S`.
#[must_use]
pub fn ed25519_large_s(mut signature: Vec<u8>) -> Vec<u8> {
    let mut carry = 0;
    for (byte, other) in signature[32..].iter_mut().zip(ED25519_ORDER) {
        let sum = u16::from(*byte) + u16::from(other) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    signature
}

/// A signature whose `R` is the neutral element, which the holder of the key can make for any
/// message: it fits the equation of RFC 8032 section 5.1.7.
#[must_use]
pub fn ed25519_neutral_r(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let der = key.to_pkcs8().expect("an Ed25519 key");
    // RFC 8410 section 7: the seed is the octet string inside the octet string.
    let at = der
        .windows(4)
        .position(|bytes| bytes == [4, 0x22, 4, 0x20])
        .expect("a PKCS #8 document of ours");
    let hash = Sha512::digest(&der[at + 4..at + 36]);
    let mut secret: [u8; 32] = hash[..32].try_into().expect("half of the hash");
    secret[0] &= 248;
    secret[31] = (secret[31] & 127) | 64;
    let secret = Scalar::from_bytes_mod_order(secret);
    let public = EdwardsPoint::mul_base(&secret).compress();
    let mut r = [0; 32];
    r[0] = 1;
    let challenge = Sha512::new()
        .chain_update(r)
        .chain_update(public.as_bytes())
        .chain_update(message)
        .finalize();
    let challenge = Scalar::from_bytes_mod_order_wide(&challenge.into());
    [r, (challenge * secret).to_bytes()].concat()
}

fn split(token: &str) -> (&str, &str) {
    token.rsplit_once('.').expect("a token of ours")
}
