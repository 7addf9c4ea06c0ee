use std::borrow::Cow;

use base64::{
    Engine,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    algorithm::{Algorithm, KeyFamily},
    error::{KeyError, KeyErrorKind},
    material::KeyMaterial,
};
use crate::untrusted::Excerpt;

/// Parses one public key. The DER parser supports only what that needs, and is strict: lengths must
/// be in their shortest form, and trailing data is an error.
pub(crate) fn parse(pem: &str) -> Result<KeyMaterial, KeyError> {
    let (label, body) = block(pem)?;
    let text: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = GeneralPurpose::new(&base64::alphabet::STANDARD, GeneralPurposeConfig::new())
        .decode(text)
        .map_err(|_| malformed("the PEM block is not base64"))?;
    if label == "RSA PUBLIC KEY" {
        return rsa(&der);
    }
    let mut outer = Der(&der);
    let mut info = match label {
        "CERTIFICATE" => Der(certified_key(&mut outer)?),
        _ => Der(outer.take(SEQUENCE)?),
    };
    outer.end()?;
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let key = info.take(BIT_STRING)?;
    info.end()?;
    let [0, key @ ..] = key else {
        return Err(structure("the key is not a whole number of bytes"));
    };
    match algorithm.take(OBJECT_IDENTIFIER)? {
        RSA_ENCRYPTION => rsa(key),
        ED25519 => KeyMaterial::ed25519(key),
        ML_DSA_44 => KeyMaterial::ml_dsa(Algorithm::MLDSA44, key),
        ML_DSA_65 => KeyMaterial::ml_dsa(Algorithm::MLDSA65, key),
        ML_DSA_87 => KeyMaterial::ml_dsa(Algorithm::MLDSA87, key),
        EC_PUBLIC_KEY => {
            let family = match algorithm.take(OBJECT_IDENTIFIER)? {
                PRIME256V1 => KeyFamily::P256,
                SECP384R1 => KeyFamily::P384,
                SECP521R1 => KeyFamily::P521,
                _ => {
                    return Err(structure("the curve is not P-256, P-384 or P-521"));
                }
            };
            let [4, coordinates @ ..] = key else {
                return Err(structure("the point is not uncompressed"));
            };
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            KeyMaterial::ec(family, x, y)
        }
        _ => Err(structure("the algorithm is not RSA, EC, Ed25519 or ML-DSA")),
    }
}

/// Returns the `subjectPublicKeyInfo` of a certificate (RFC 5280 section 4.1). The certificate's
/// issuer and validity are not checked.
fn certified_key<'a>(outer: &mut Der<'a>) -> Result<&'a [u8], KeyError> {
    let mut certificate = Der(outer.take(SEQUENCE)?);
    let mut signed = Der(certificate.take(SEQUENCE)?);
    if signed.0.first() == Some(&VERSION) {
        signed.take(VERSION)?;
    }
    signed.take(INTEGER)?;
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        signed.take(SEQUENCE)?;
    }
    signed.take(SEQUENCE)
}

fn rsa(der: &[u8]) -> Result<KeyMaterial, KeyError> {
    let mut outer = Der(der);
    let mut numbers = Der(outer.take(SEQUENCE)?);
    outer.end()?;
    let (n, e) = (numbers.take(INTEGER)?, numbers.take(INTEGER)?);
    numbers.end()?;
    KeyMaterial::rsa(n, e)
}

fn block(pem: &str) -> Result<(&str, &str), KeyError> {
    let mut found = None;
    let mut rest = pem;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let Some((label, after)) = after.split_once("-----") else {
            break;
        };
        let end = format!("-----END {label}-----");
        let Some((body, after)) = after.split_once(end.as_str()) else {
            break;
        };
        if matches!(label, "PUBLIC KEY" | "RSA PUBLIC KEY" | "CERTIFICATE") {
            return Ok((label, body));
        }
        found.get_or_insert_with(|| label.chars().take(40).collect());
        rest = after;
    }
    let other = found.map_or_else(String::new, |label: String| {
        format!(" (found one labeled {})", Excerpt(&label))
    });
    Err(malformed(format!(
        "no PEM block labeled PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE was found{other}"
    )))
}

fn malformed(message: impl Into<Cow<'static, str>>) -> KeyError {
    KeyError::new(KeyErrorKind::Malformed, message)
}

fn structure(problem: &str) -> KeyError {
    malformed(format!(
        "the PEM block does not hold a public key (RFC 5280 section 4.1): {problem}"
    ))
}

struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn take(&mut self, tag: u8) -> Result<&'a [u8], KeyError> {
        const ERROR: &str = "unexpected DER structure";
        let [actual, first, rest @ ..] = self.0 else {
            return Err(structure(ERROR));
        };
        if *actual != tag {
            return Err(structure(ERROR));
        }
        let (len, rest) = match (*first, rest) {
            (len @ 0..=0x7f, rest) => (usize::from(len), rest),
            (0x81, [len, rest @ ..]) if *len >= 0x80 => (usize::from(*len), rest),
            (0x82, [high, low, rest @ ..]) if *high > 0 => {
                (usize::from(u16::from_be_bytes([*high, *low])), rest)
            }
            _ => return Err(structure(ERROR)),
        };
        let (content, rest) = rest.split_at_checked(len).ok_or_else(|| structure(ERROR))?;
        self.0 = rest;
        Ok(content)
    }

    fn end(&self) -> Result<(), KeyError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(structure("trailing data follows the key"))
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// `[0]`, explicit.
const VERSION: u8 = 0xa0;

/// RFC 8017 appendix A.1, RFC 5480 section 2.1.1, RFC 8410 section 3, RFC 9881 section 2.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ML_DSA_44: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11];
const ML_DSA_65: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12];
const ML_DSA_87: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13];
