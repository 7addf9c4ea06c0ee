use http::{HeaderMap, header::AUTHORIZATION};

use super::{authorization::first_word, source::Sources};
use crate::{rejection::Reason, validation::ValidationError};

/// Longest scheme that is logged, in bytes. Registered schemes are shorter, and tokens are longer.
const LONGEST_SCHEME: usize = 20;

/// Returns the rejection of a request without a token, with a hint about its `Authorization` header.
///
/// Of that header, only the scheme is logged: anything else may be a secret.
pub(crate) fn missing(headers: &HeaderMap, sources: &Sources) -> ValidationError {
    let value = headers.get(AUTHORIZATION).filter(|_| sources.authorization);
    let value = value.map_or(&[][..], |value| value.as_bytes().trim_ascii());
    if value.is_empty() {
        return ValidationError::new(Reason::MissingToken);
    }
    let (word, rest) = first_word(value);
    if rest.is_empty() {
        // A single word may be a scheme or a token, so it isn't logged.
        let hint = match word.get(..6) {
            Some(start) if start.eq_ignore_ascii_case(b"Bearer") => {
                "the space after `Bearer` is missing: send `Authorization: Bearer TOKEN`"
            }
            _ => {
                "the header has no scheme, or nothing after it: send `Authorization: Bearer TOKEN`"
            }
        };
        return ValidationError::other_credentials(Some(hint)).actual("(no scheme)");
    }
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let scheme = std::str::from_utf8(word).ok();
    let Some(scheme) =
        scheme.filter(|it| it.len() <= LONGEST_SCHEME && it.as_bytes().iter().all(is_tchar))
    else {
        let hint = "the scheme is not valid: send `Authorization: Bearer TOKEN`";
        return ValidationError::other_credentials(Some(hint)).actual("(not a scheme)");
    };
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    let hint = if is("Token") || is("JWT") || is("OAuth") || is("OAuth2") || is("Access-Token") {
        "the client sends the token under another scheme: send `Authorization: Bearer TOKEN`"
    } else if is("DPoP") {
        "no issuer of this API has DPoP: configure `Issuer::dpop`, or send an unbound token as `Authorization: Bearer TOKEN`"
    } else if is("Basic") {
        "this API does not accept a user name and password: send an access token as `Authorization: Bearer TOKEN`"
    } else {
        "only the scheme Bearer is accepted: send `Authorization: Bearer TOKEN`"
    };
    ValidationError::other_credentials(Some(hint)).actual(format_args!("the scheme {scheme}"))
}
