//! The path of a request, accepted only if everybody reads it in the same way.
//!
//! Rules see the path before the router does, and proxies see it before both. If they read it differently,
//! `/public/..%2Fadmin` is allowed as one path and served as another. So a path must have the same meaning
//! as sent and decoded:
//!
//! - A trailing slash makes no difference (warp serves `/a/` as `/a`).
//! - Empty segments, `.` and `..`, backslashes and control characters match nothing, also if encoded.
//! - A path that is encoded twice or invalidly, or is not UTF-8 when decoded, matches nothing.
//! - The path as sent and the decoded path must match the same pattern with the same parameters.
//!   `/users/J%C3%BCrgen` does. `/%61dmin` does not if `/admin` has a pattern of its own. An encoded slash
//!   is accepted only within `{*rest}`, where it makes no difference.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path as sent and decoded.
#[derive(Debug)]
pub(crate) struct Path<'p> {
    pub(crate) sent: &'p str,
    pub(crate) decoded: Cow<'p, str>,
}

impl<'p> Path<'p> {
    /// The error says why the path matches nothing.
    pub(crate) fn parse(path: &'p str) -> Result<Self, &'static str> {
        let sent = match path.strip_suffix('/') {
            Some(shorter) if !shorter.is_empty() && !shorter.ends_with('/') => shorter,
            _ => path,
        };
        check(sent)?;
        let decoded = decode(sent).ok_or("the path is encoded wrongly")?;
        if let Cow::Owned(decoded) = &decoded {
            check(decoded)?;
            if encoded(decoded).any(|it| it) {
                return Err("the path is encoded twice");
            }
        }
        Ok(Self { sent, decoded })
    }
}

/// Returns `true` if the path has one meaning and nothing to decode.
pub(crate) fn is_plain(path: &str) -> bool {
    Path::parse(path).is_ok_and(|it| matches!(it.decoded, Cow::Borrowed(_)))
}

/// Percent-decodes `text`. Returns `None` if the encoding is invalid or not of UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    let is_valid = encoded(text).all(|it| it);
    let decode = || percent_decode_str(text).decode_utf8().ok();
    is_valid.then(decode).flatten()
}

/// For each percent sign, whether two hexadecimal digits follow.
fn encoded(text: &str) -> impl Iterator<Item = bool> {
    text.split('%').skip(1).map(|after| {
        let mut digits = after.bytes().take(2);
        let hex = |it: Option<u8>| it.is_some_and(|it| it.is_ascii_hexdigit());
        hex(digits.next()) && hex(digits.next())
    })
}

/// Applies to patterns, too: no path matches a pattern that fails.
pub(crate) fn check(path: &str) -> Result<(), &'static str> {
    let Some(segments) = path.strip_prefix('/') else {
        return Err("the path does not begin with a slash");
    };
    if path.contains(|it: char| it == '\\' || it.is_control()) {
        return Err("the path has a backslash or a control character in it");
    }
    for segment in segments.split('/') {
        match segment {
            "" if !segments.is_empty() => return Err("the path has an empty segment"),
            "." | ".." => return Err("the path has a segment of dots"),
            _ => {}
        }
    }
    Ok(())
}
