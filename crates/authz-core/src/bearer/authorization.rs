//! Parses header fields with the schemes `Bearer` (RFC 6750 section 2.1) and `DPoP` (RFC 9449 section 7.1).

use http::{HeaderMap, HeaderName};

use super::credentials::BadCredentials;
use crate::{
    rejection::{Reason, Scheme},
    validation::ValidationError,
};

/// Returns the scheme and the token of the header `name`, or `None` if the header is absent or has another scheme.
pub(super) fn credentials<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    dpop: bool,
) -> Result<Option<(Scheme, &'a [u8])>, BadCredentials> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(BadCredentials::malformed(
            "the header is sent twice: check whether a proxy adds one",
        ));
    }
    parse(value.as_bytes(), dpop)
}

/// Parses `scheme 1*SP token`. The scheme is case-insensitive (RFC 9110 section 11.1).
fn parse(value: &[u8], dpop: bool) -> Result<Option<(Scheme, &[u8])>, BadCredentials> {
    let value = value.trim_ascii();
    let (scheme, mut token) = match value.split_at_checked(6) {
        // What nearly every client sends.
        Some((scheme, token @ [b' ' | b'\t', ..])) => (scheme, token),
        _ => first_word(value),
    };
    let scheme = if scheme.eq_ignore_ascii_case(b"Bearer") {
        Scheme::Bearer
    } else if dpop && scheme.eq_ignore_ascii_case(b"DPoP") {
        Scheme::Dpop
    } else {
        return Ok(None);
    };
    while let [b' ', rest @ ..] = token {
        token = rest;
    }
    if token.is_empty() {
        return Err(BadCredentials::EMPTY.under(scheme));
    }
    Ok(Some((scheme, token)))
}

/// Returns why a token that does not decode is not one token. Called for those alone: no token with a
/// space in it decodes, so the search costs valid tokens nothing.
pub(crate) fn not_one_token(token: &[u8]) -> Option<ValidationError> {
    if std::str::from_utf8(token).is_err() {
        return Some(ValidationError::new(Reason::MalformedToken));
    }
    memchr::memchr2(b' ', b'\t', token)?;
    let (word, _) = first_word(token);
    let hint = if word.eq_ignore_ascii_case(b"Bearer") {
        "the scheme is repeated (`Bearer Bearer`): the client adds `Bearer` to a value that already has it"
    } else if token.eq_ignore_ascii_case(b"[object Object]") {
        "the client sent `[object Object]`: it converts an object to text instead of sending the token in it"
    } else {
        "the header has several words after `Bearer`, or a tab: send one space and one token"
    };
    Some(BadCredentials::malformed(hint).into())
}

/// Splits `value` before its first space or tab.
pub(super) fn first_word(value: &[u8]) -> (&[u8], &[u8]) {
    value.split_at(memchr::memchr2(b' ', b'\t', value).unwrap_or(value.len()))
}
