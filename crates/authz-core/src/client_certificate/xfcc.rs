use super::{
    certificate::ClientCertificate,
    decode::{self, MalformedCertificate},
};

/// Reads the last element of Envoy's `x-forwarded-client-cert`, which the nearest proxy has added:
/// `Hash=` if it is there, else `Cert=`.
pub(super) fn last_element(value: &str) -> Result<ClientCertificate, MalformedCertificate> {
    let mut pairs = Pairs { rest: value };
    let (mut hash, mut cert) = (None, None);
    loop {
        let (key, value, end) = pairs.next()?;
        let known = match key {
            _ if key.eq_ignore_ascii_case("Hash") => Some(&mut hash),
            _ if key.eq_ignore_ascii_case("Cert") => Some(&mut cert),
            _ => None,
        };
        // A name in the certificate, which Envoy does not quote, may contain `;Hash=`.
        if known.is_some_and(|it| it.replace(value).is_some()) {
            return Err(MalformedCertificate("an element has a key twice"));
        }
        match end {
            // Envoy does not quote them either, so a comma may be part of a name that the client chose.
            End::Element if ["URI", "DNS"].iter().any(|it| key.eq_ignore_ascii_case(it)) => {
                return Err(MalformedCertificate(
                    "a comma after a name that may contain it",
                ));
            }
            End::Pair => {}
            End::Element => (hash, cert) = (None, None),
            End::Value => break,
        }
    }
    match (hash, cert) {
        (Some(hash), _) => hex(hash).map(ClientCertificate::from_sha256),
        (None, Some(cert)) => decode::pem(&decode::percent(cert)?),
        (None, None) => Err(MalformedCertificate(
            "the last element has neither `Hash` nor `Cert`",
        )),
    }
}

/// The pairs `key=value` of all elements.
struct Pairs<'a> {
    rest: &'a str,
}

/// What comes after a pair.
enum End {
    /// `;`: another pair of the same element.
    Pair,
    /// `,`: another element.
    Element,
    /// Nothing.
    Value,
}

impl<'a> Pairs<'a> {
    fn next(&mut self) -> Result<(&'a str, &'a str, End), MalformedCertificate> {
        let (key, rest) = self
            .rest
            .split_once('=')
            .filter(|(key, _)| is_name(key.trim_ascii()))
            .ok_or(MalformedCertificate(
                "an element is not a list of `key=value`",
            ))?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => split_at_quote(quoted).ok_or(UNCLOSED)?,
            None => rest.split_at(rest.find([';', ',', '"']).unwrap_or(rest.len())),
        };
        let mut after = rest.trim_ascii_start().chars();
        let end = match after.next() {
            Some(';') => End::Pair,
            Some(',') => End::Element,
            None => End::Value,
            // A quote within an unquoted value, or text after a quoted one.
            Some(_) => return Err(MalformedCertificate("a value is not quoted correctly")),
        };
        self.rest = after.as_str();
        Ok((key.trim_ascii(), value, end))
    }
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric())
}

/// Returns the text before and after the first quote that does not have a backslash before it.
fn split_at_quote(text: &str) -> Option<(&str, &str)> {
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((text.get(..at)?, chars.as_str())),
            '\\' => _ = chars.next(),
            _ => {}
        }
    }
    None
}

fn hex(text: &str) -> Result<[u8; 32], MalformedCertificate> {
    let mut hash = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 2 * hash.len() {
        return Err(NOT_A_HASH);
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let digit = char::from(*digit).to_digit(16).ok_or(NOT_A_HASH)?;
            *byte = *byte << 4 | u8::try_from(digit).map_err(|_| NOT_A_HASH)?;
        }
    }
    Ok(hash)
}

const UNCLOSED: MalformedCertificate = MalformedCertificate("a quoted value does not end");
const NOT_A_HASH: MalformedCertificate =
    MalformedCertificate("`Hash` is not 64 hexadecimal digits");
