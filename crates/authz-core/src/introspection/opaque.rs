use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Map, Value};

/// Decodes every spelling of base64, also those that are not accepted in a token.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns `true` if the token consists of parts, and the first is a JSON object. Such a token is a JWT, however
/// malformed, and names its issuer, so another issuer must not see it.
pub(crate) fn has_jose_header(token: &[u8]) -> bool {
    let Some(dot) = memchr::memchr(b'.', token) else {
        return false;
    };
    let header: Vec<u8> = (token.iter().take(dot))
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            byte => *byte,
        })
        .collect();
    let header = LENIENT.decode(header).ok();
    header.is_some_and(|json| serde_json::from_slice::<Map<String, Value>>(&json).is_ok())
}

/// Returns `true` if the token can be a bearer token: `b64token` in RFC 6750 section 2.1.
pub(crate) fn is_b64_token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|it| **it == b'=').count();
    let text = token.get(..token.len() - padding).unwrap_or_default();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    !text.is_empty() && text.iter().all(fits)
}

/// Returns `true` if a token can have a prefix of both issuers. An issuer without prefixes takes every token.
pub(crate) fn overlap(one: &[String], other: &[String]) -> bool {
    let pair = |one: &String| {
        let touches = |other: &String| one.starts_with(&**other) || other.starts_with(&**one);
        other.iter().any(touches)
    };
    one.is_empty() || other.is_empty() || one.iter().any(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_jwt_is_told_from_an_opaque_token() {
        for (token, is_jwt) in [
            ("eyJhbGciOiJub25lIn0.e30.AA", true),
            // Padding, trailing bits, the other alphabet, white space, one part, four and five parts.
            ("eyJhbGciOiJub25lIn0=.e30.AA", true),
            ("e31.e30.AA", true),
            ("eyJhIjoi/z8ifQ.e30.AA", false),
            ("eyJhIjoi8J+YgCJ9.e30.AA", true),
            ("IHt9.e30.AA", true),
            ("e30.", true),
            ("e30.e30.AA.AA", true),
            ("eyJlbmMiOiJ4In0.AA.AA.AA.AA", true),
            ("e30", false),
            ("eyJhbGciOiJub25lIn0", false),
            ("W10.e30.AA", false),
            ("v4.local.AAAA", false),
            ("ory_at_abc.def", false),
            (".e30.AA", false),
            ("", false),
        ] {
            assert_eq!(has_jose_header(token.as_bytes()), is_jwt, "{token}");
        }
    }

    #[test]
    fn a_bearer_token_has_one_alphabet() {
        for (token, fine) in [
            ("aZ09-._~+/", true),
            ("a==", true),
            ("=", false),
            ("", false),
            ("a=b", false),
            ("a b", false),
            ("a\u{e4}", false),
            ("a\"", false),
            ("a%20", false),
            ("a\0", false),
        ] {
            assert_eq!(is_b64_token(token.as_bytes()), fine, "{token}");
        }
    }

    #[test]
    fn prefixes_overlap_if_a_token_can_have_both() {
        let lists = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (one, other, expected) in [
            (&[][..], &[][..], true),
            (&["a_"], &[], true),
            (&["a_"], &["b_"], false),
            (&["a_"], &["a_b_"], true),
            (&["a_b_"], &["a_"], true),
            (&["a_", "c_"], &["b_", "c_x"], true),
            (&["a_"], &["a_"], true),
        ] {
            assert_eq!(
                overlap(&lists(one), &lists(other)),
                expected,
                "{one:?} {other:?}"
            );
        }
    }
}
