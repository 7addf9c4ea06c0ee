#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use base64::Engine;

/// A compact JWS whose parts are decoded but not yet read (RFC 7515 section 7.1).
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    /// `header.payload`, as it was signed.
    pub(crate) signing_input: &'a [u8],
    pub(crate) signature: &'a str,
    decoded: Vec<u8>,
    header_len: usize,
}

/// A decoded signature. The longest is that of an 8192-bit RSA key.
#[derive(Debug)]
pub(crate) struct Signature {
    bytes: [u8; Self::MAX],
    len: usize,
}

/// Why a string is no compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Five parts: encrypted (RFC 7516 section 7.1).
    Encrypted,
    /// No dots at all: an opaque token, which only its issuer can read.
    Opaque,
    /// Another number of parts, or an empty one.
    Parts,
    /// Not canonical base64url: a wrong character, padding, stray bits at the end.
    Base64,
}

impl<'a> Jws<'a> {
    pub(crate) fn decode(token: &'a str) -> Result<Self, Malformed> {
        let (header, rest) = token.split_once('.').ok_or(Malformed::Opaque)?;
        let (payload, signature) = rest.split_once('.').ok_or(Malformed::Parts)?;
        if let Some((_, rest)) = signature.split_once('.') {
            // Counted no further than it takes to tell: a token of a million dots costs nothing.
            let five = rest.split('.').take(3).count() == 2;
            return Err(if five {
                Malformed::Encrypted
            } else {
                Malformed::Parts
            });
        }
        if header.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(Malformed::Parts);
        }
        // Both parts into one buffer of the final size. The engine accepts the canonical form
        // alone, so that one token has one spelling.
        let mut decoded = vec![0; (header.len() + payload.len()) * 3 / 4 + 2];
        let header_len = decode(header, &mut decoded)?;
        let room = decoded.get_mut(header_len..).ok_or(Malformed::Base64)?;
        let payload_len = decode(payload, room)?;
        decoded.truncate(header_len + payload_len);
        Ok(Self {
            signing_input: &token.as_bytes()[..header.len() + 1 + payload.len()],
            signature,
            decoded,
            header_len,
        })
    }

    pub(crate) fn header(&self) -> &[u8] {
        &self.decoded[..self.header_len]
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.decoded[self.header_len..]
    }

    pub(crate) fn signature(&self) -> Result<Signature, Malformed> {
        let mut signature = Signature {
            bytes: [0; Signature::MAX],
            len: 0,
        };
        signature.len = decode(self.signature, &mut signature.bytes)?;
        Ok(signature)
    }
}

impl Signature {
    const MAX: usize = 1024;

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn decode(text: &str, into: &mut [u8]) -> Result<usize, Malformed> {
    ENGINE
        .decode_slice(text, into)
        .map_err(|_| Malformed::Base64)
}

/// The engine that uses the processor's vector instructions where it has them. Both accept exactly
/// the canonical form: no padding, no stray bits.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> =
    LazyLock::new(|| base64::engine::Simd::url_safe(base64::engine::general_purpose::NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: base64::engine::GeneralPurpose = base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_apart_what_is_no_compact_jws() {
        for (token, error) in [
            ("", Malformed::Opaque),
            ("opaque", Malformed::Opaque),
            ("e30.e30", Malformed::Parts),
            ("e30.e30.", Malformed::Parts),
            (".e30.AA", Malformed::Parts),
            ("e30..AA", Malformed::Parts),
            ("e30.e30.AA.AA", Malformed::Parts),
            ("e30.e30.AA.AA.AA", Malformed::Encrypted),
            ("e30.e30.AA.AA.AA.AA", Malformed::Parts),
            ("e30=.e30.AA", Malformed::Base64),
            ("e30.e31.AA", Malformed::Base64),
            ("e30.e 0.AA", Malformed::Base64),
            ("e30.+/+/.AA", Malformed::Base64),
            ("e30.e.AA", Malformed::Base64),
        ] {
            assert_eq!(Jws::decode(token).err(), Some(error), "{token:?}");
        }
    }

    #[test]
    fn decodes_the_parts() {
        let jws = Jws::decode("e30.eyJhIjoxfQ.AQID").unwrap();
        assert_eq!(jws.header(), b"{}");
        assert_eq!(jws.payload(), br#"{"a":1}"#);
        assert_eq!(jws.signature().unwrap().bytes(), [1, 2, 3]);
        assert_eq!(jws.signing_input, b"e30.eyJhIjoxfQ");
    }

    #[test]
    fn takes_signatures_up_to_that_of_the_largest_key() {
        for (chars, fits) in [(1366, true), (1370, false), (100_000, false)] {
            let token = format!("e30.e30.{}", "A".repeat(chars));
            assert_eq!(Jws::decode(&token).unwrap().signature().is_ok(), fits);
        }
    }
}
