#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use base64::Engine;

/// A compact JWS with decoded parts (RFC 7515 section 7.1).
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    /// The signed bytes: `header.payload`, still encoded.
    pub(crate) signing_input: &'a [u8],
    /// Header, payload and signature in one buffer.
    decoded: Vec<u8>,
    header_end: usize,
    payload_end: usize,
    /// Whether the parts have base64 padding, as AWS load balancers send it.
    padded: bool,
}

/// Why a string is not a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Five parts: a JWE (RFC 7516 section 7.1).
    Encrypted,
    /// No dots: an opaque token.
    Opaque,
    /// Another number of parts, or an empty one.
    Parts,
    /// Not canonical base64url: an invalid character, padding or non-zero trailing bits.
    Base64,
}

impl<'a> Jws<'a> {
    /// Decodes a JWS in canonical base64url without padding (RFC 7515 section 2).
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::decode_parts(bytes, false)
    }

    /// Decodes a JWS whose parts must all have padding (RFC 4648 section 3.2), which RFC 7515
    /// section 2 forbids. The padding is part of the signing input.
    pub(crate) fn decode_padded(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::decode_parts(bytes, true)
    }

    fn decode_parts(bytes: &'a [u8], padded: bool) -> Result<Self, Malformed> {
        let mut dots = memchr::memchr_iter(b'.', bytes);
        let first = dots.next().ok_or(Malformed::Opaque)?;
        let second = dots.next().ok_or(Malformed::Parts)?;
        if dots.next().is_some() {
            // Stops at the fifth dot, so that a token of a million dots costs nothing.
            let five = dots.next().is_some() && dots.next().is_none();
            return Err(if five {
                Malformed::Encrypted
            } else {
                Malformed::Parts
            });
        }
        let (signing_input, signature) = (bytes.get(..second), bytes.get(second + 1..));
        let (header, payload) = (bytes.get(..first), bytes.get(first + 1..second));
        let parts = (signing_input, header, payload, signature);
        let (Some(signing_input), Some(header), Some(payload), Some(signature)) = parts else {
            return Err(Malformed::Parts);
        };
        if header.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(Malformed::Parts);
        }
        let (header, payload, signature) = if padded {
            let parts = [header, payload, signature].map(without_padding);
            let [Some(header), Some(payload), Some(signature)] = parts else {
                return Err(Malformed::Base64);
            };
            (header, payload, signature)
        } else {
            (header, payload, signature)
        };
        // One buffer for all parts saves allocations. The engine accepts only the canonical form,
        // so a token can't be respelled.
        let mut decoded = vec![0; bytes.len() / 4 * 3 + 3];
        let header_end = decode(header, &mut decoded)?;
        let payload_end =
            header_end + decode(payload, decoded.get_mut(header_end..).unwrap_or_default())?;
        let end = payload_end
            + decode(
                signature,
                decoded.get_mut(payload_end..).unwrap_or_default(),
            )?;
        decoded.truncate(end);
        Ok(Self {
            signing_input,
            decoded,
            header_end,
            payload_end,
            padded,
        })
    }

    pub(crate) const fn is_padded(&self) -> bool {
        self.padded
    }

    pub(crate) fn header(&self) -> &[u8] {
        self.decoded.get(..self.header_end).unwrap_or_default()
    }

    pub(crate) fn payload(&self) -> &[u8] {
        let part = self.header_end..self.payload_end;
        self.decoded.get(part).unwrap_or_default()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.decoded.get(self.payload_end..).unwrap_or_default()
    }

    /// Returns the payload without copying it.
    pub(crate) fn into_payload(self) -> PayloadBytes {
        PayloadBytes {
            begin: self.header_end,
            end: self.payload_end,
            decoded: self.decoded,
        }
    }
}

/// The payload of a verified token, kept for claims that are rarely read.
#[derive(Debug, Default)]
pub(crate) struct PayloadBytes {
    decoded: Vec<u8>,
    begin: usize,
    end: usize,
}

/// A string that points into a [`PayloadBytes`] if possible.
#[derive(Debug)]
pub(crate) enum PayloadStr {
    Part(u32, u32),
    /// The JSON string has escapes, so it is stored unescaped.
    Apart(Box<str>),
}

impl PayloadBytes {
    /// Creates the payload of a token that is not a JWS.
    pub(crate) const fn from_json(json: Vec<u8>) -> Self {
        Self {
            begin: 0,
            end: json.len(),
            decoded: json,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.decoded.get(self.begin..self.end).unwrap_or_default()
    }

    pub(crate) fn text<'a>(&'a self, text: &'a PayloadStr) -> &'a str {
        match text {
            PayloadStr::Apart(text) => text,
            // The payload was parsed, so it is UTF-8.
            PayloadStr::Part(from, to) => self
                .bytes()
                .get(*from as usize..*to as usize)
                .and_then(|part| std::str::from_utf8(part).ok())
                .unwrap_or_default(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.decoded.capacity()
    }
}

impl PayloadStr {
    /// Creates a reference to `text`, or a copy if it does not point into `payload`.
    pub(crate) fn new(payload: &[u8], text: &str) -> Self {
        match within(payload, text) {
            Some((from, to)) => Self::Part(from, to),
            None => Self::Apart(text.into()),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Part(..) => 0,
            Self::Apart(text) => text.len(),
        }
    }
}

/// Returns the range of `part` in `text`, by address: `part` must point into `text`.
fn within(text: &[u8], part: &str) -> Option<(u32, u32)> {
    let from = (part.as_ptr().addr()).checked_sub(text.as_ptr().addr())?;
    let to = from.checked_add(part.len())?;
    (to <= text.len()).then_some((u32::try_from(from).ok()?, u32::try_from(to).ok()?))
}

/// Removes the padding. Returns `None` if the padded length is not a multiple of four. The engine
/// rejects misplaced padding.
fn without_padding(part: &[u8]) -> Option<&[u8]> {
    let bare = part.strip_suffix(b"=").unwrap_or(part);
    let bare = bare.strip_suffix(b"=").unwrap_or(bare);
    part.len().is_multiple_of(4).then_some(bare)
}

fn decode(text: &[u8], into: &mut [u8]) -> Result<usize, Malformed> {
    ENGINE
        .decode_slice(text, into)
        .map_err(|_| Malformed::Base64)
}

/// Decodes with vector instructions where available. Both engines accept only the canonical form:
/// no padding, no trailing bits.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> =
    LazyLock::new(|| base64::engine::Simd::url_safe(base64::engine::general_purpose::NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: base64::engine::GeneralPurpose = base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_parts() {
        let jws = Jws::decode(b"e30.eyJhIjoxfQ.AQID").unwrap();
        assert_eq!(jws.header(), b"{}");
        assert_eq!(jws.payload(), br#"{"a":1}"#);
        assert_eq!(jws.signature(), [1, 2, 3]);
        assert_eq!(jws.signing_input, b"e30.eyJhIjoxfQ");
        // These can't arrive in a header field, unlike those in the attacks' table.
        assert_eq!(Jws::decode(b"").err(), Some(Malformed::Opaque));
        assert_eq!(Jws::decode(b"e30.e 0.AA").err(), Some(Malformed::Base64));
    }

    #[test]
    fn padding_is_accepted_where_asked_for_and_in_one_form_alone() {
        for (token, fine) in [
            ("e30=.eyJhIjoxfQ==.AQID", true),
            ("e30=.e30=.AQ==", true),
            ("e30.e30=.AQ==", false),
            ("e30=.e30.AQ==", false),
            ("e30=.e30=.AQ", false),
            ("e30=.e30=.AQ=", false),
            ("e30=.e30=.AQ===", false),
            ("e30==.e30=.AQ==", false),
            ("e30=.e30=.AQ==AQ==", false),
            ("e30=.e30=.AB==", false),
            ("e30=.e30=.====", false),
            ("e30=.e30=.A===", false),
            ("e30=.e30=.+Q==", false),
            ("e3%3D.e30=.AQ==", false),
        ] {
            let decoded = Jws::decode_padded(token.as_bytes());
            assert_eq!(decoded.is_ok(), fine, "{token}");
            assert_eq!(
                Jws::decode(token.as_bytes()).err(),
                Some(Malformed::Base64),
                "{token}"
            );
        }
        let jws = Jws::decode_padded(b"e30=.eyJhIjoxfQ==.AQID").unwrap();
        assert_eq!(jws.header(), b"{}");
        assert_eq!(jws.payload(), br#"{"a":1}"#);
        assert_eq!(jws.signing_input, b"e30=.eyJhIjoxfQ==");
    }

    /// Each part must fit, whatever the lengths of the others.
    #[test]
    fn decodes_parts_of_any_length() {
        for (header, payload, signature) in (1..9)
            .flat_map(|a| (1..9).flat_map(move |b| (1..9).map(move |c| (a, b, c))))
            .chain([(3, 5000, 64), (100, 701, 256), (31, 33, 35)])
        {
            let parts = [header, payload, signature].map(|len| vec![len as u8; len]);
            let token = parts.each_ref().map(|part| ENGINE.encode(part)).join(".");
            let jws = Jws::decode(token.as_bytes()).unwrap();
            assert_eq!([jws.header(), jws.payload(), jws.signature()], parts);
            assert_eq!(jws.into_payload().bytes(), parts[1]);
        }
    }

    #[test]
    fn a_text_is_found_in_the_payload_that_is_kept() {
        let token = ["{}", "{\"a\":\"\u{e4}\",\"b\":\"\"}", "x"].map(|part| ENGINE.encode(part));
        let token = token.join(".");
        let jws = Jws::decode(token.as_bytes()).unwrap();
        let json = std::str::from_utf8(jws.payload()).unwrap();
        // The third equals a part of the payload, but does not point into it.
        let texts = [&json[6..8], &json[15..15], "\u{e4}"];
        let kept = texts.map(|text| PayloadStr::new(jws.payload(), text));
        assert!(matches!(kept[0], PayloadStr::Part(6, 8)));
        assert!(matches!(kept[1], PayloadStr::Part(15, 15)));
        assert!(matches!(kept[2], PayloadStr::Apart(_)));
        let payload = jws.into_payload();
        let found = kept.each_ref().map(|text| payload.text(text));
        assert_eq!(found, ["\u{e4}", "", "\u{e4}"]);
    }
}
