//! Parses header fields with the scheme `Bearer` (RFC 6750 section 2.1).

use http::{HeaderMap, HeaderName, header::AUTHORIZATION};

use super::credentials::BadCredentials;

/// Returns what may be the request's token, without checking it.
///
/// Use it only as a cache key: the cache holds tokens that [`token`](super::token) parsed before.
pub(crate) fn peek_bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut authorization = headers.get_all(AUTHORIZATION).iter();
    let value = authorization.next()?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    let is_only_field = authorization.next().is_none();
    (is_only_field && scheme.eq_ignore_ascii_case(b"Bearer ")).then_some(token)
}

/// Returns the token of the header `name`, or `None` if the header is absent or has another scheme.
pub(super) fn bearer<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, BadCredentials> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(BadCredentials::malformed(
            "the header is sent twice: check whether a proxy adds one",
        ));
    }
    credentials(value.as_bytes())
}

/// Parses `"Bearer" 1*SP b64token`. The scheme is case-insensitive (RFC 9110 section 11.1).
fn credentials(value: &[u8]) -> Result<Option<&str>, BadCredentials> {
    let value = value.trim_ascii();
    let (scheme, rest) = first_word(value);
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Ok(None);
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.get(spaces..).unwrap_or_default();
    if token.is_empty() {
        return Err(BadCredentials::EMPTY);
    }
    if memchr::memchr2(b' ', b'\t', token).is_some() {
        let (word, _) = first_word(token);
        return Err(BadCredentials::malformed(
            if word.eq_ignore_ascii_case(b"Bearer") {
                "the scheme is repeated (`Bearer Bearer`): the client adds `Bearer` to a value that already has it"
            } else if token.eq_ignore_ascii_case(b"[object Object]") {
                "the client sent `[object Object]`: it converts an object to text instead of sending the token in it"
            } else {
                "the header has several words after `Bearer`, or a tab: send one space and one token"
            },
        ));
    }
    Ok(Some(std::str::from_utf8(token)?))
}

/// Splits `value` before its first space or tab.
pub(super) fn first_word(value: &[u8]) -> (&[u8], &[u8]) {
    value.split_at(memchr::memchr2(b' ', b'\t', value).unwrap_or(value.len()))
}
