//! Decodes the text forms of a certificate. Anything unusual is an error: two parsers that disagree about
//! a certificate let a client use somebody else's.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use super::certificate::ClientCertificate;

/// Why a header field does not have a certificate, for the log. Has no bytes of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct MalformedCertificate(pub(super) &'static str);

/// Decodes base64 (RFC 4648 section 4): padded, in one line, without stray bits.
pub(super) fn base64(text: &str) -> Result<ClientCertificate, MalformedCertificate> {
    let der = STANDARD
        .decode(text)
        .map_err(|_| MalformedCertificate("the certificate is not base64"))?;
    if !is_one_sequence(&der) {
        return Err(MalformedCertificate(
            "the certificate is not one DER sequence",
        ));
    }
    Ok(ClientCertificate::from_der(der))
}

/// Decodes one PEM block (RFC 7468 section 5).
pub(super) fn pem(text: &str) -> Result<ClientCertificate, MalformedCertificate> {
    match pem_block(text)? {
        (certificate, "") => Ok(certificate),
        _ => Err(MalformedCertificate("there is text after the PEM block")),
    }
}

/// Decodes the first of several PEM blocks, which is the client's. The others are its chain.
pub(super) fn pem_chain(text: &str) -> Result<ClientCertificate, MalformedCertificate> {
    match pem_block(text)? {
        (certificate, rest) if rest.is_empty() || rest.starts_with(BEGIN) => Ok(certificate),
        _ => Err(MalformedCertificate("there is text after the PEM block")),
    }
}

/// Decodes percent-encoding (RFC 3986 section 2.1). A `+` is a `+`. An invalid escape stays as it is, and
/// then the text is neither base64 nor PEM.
pub(super) fn percent(text: &str) -> Result<String, MalformedCertificate> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(Into::into)
        .map_err(|_| MalformedCertificate("the percent-encoded text is not UTF-8"))
}

fn pem_block(text: &str) -> Result<(ClientCertificate, &str), MalformedCertificate> {
    let block = text.trim_ascii().strip_prefix(BEGIN);
    let (body, rest) = block
        .and_then(|it| it.split_once(END))
        .ok_or(MalformedCertificate(
            "there is no PEM block of a certificate",
        ))?;
    let lines: String = body.split(['\r', '\n']).collect();
    Ok((base64(&lines)?, rest.trim_ascii_start()))
}

/// Returns `true` if `der` is one SEQUENCE with a definite length in its shortest form (X.690 section
/// 10.1) that ends with the last byte.
fn is_one_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else {
        return false;
    };
    let (length, content) = match (first, rest) {
        (0..=0x7f, content) => (usize::from(*first), content),
        (0x81, [length @ 0x80..=0xff, content @ ..]) => (usize::from(*length), content),
        (0x82, [high @ 1..=0xff, low, content @ ..]) => {
            (usize::from(u16::from_be_bytes([*high, *low])), content)
        }
        // A header field does not have room for longer ones.
        _ => return false,
    };
    content.len() == length
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
