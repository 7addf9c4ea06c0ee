//! The path of a request, read so that nobody can read it another way.
//!
//! Rules look at the path before the router does, and proxies look at it before both. Where these
//! disagree about what a path means, `/public/..%2Fadmin` is let pass as one thing and served as
//! another. So a path counts only if it means the same sent and decoded, and whoever reads it:
//!
//! - a slash at the end makes no difference (warp serves `/a/` where it serves `/a`);
//! - empty segments, `.` and `..`, backslashes and control characters, plain or encoded, match nothing;
//! - what is encoded twice, or wrongly, or is not UTF-8 when decoded, matches nothing;
//! - the path as sent and the path decoded have to match the same pattern with the same parameters.
//!   So `/users/J%C3%BCrgen` is fine, `/%61dmin` is not where `/admin` has a pattern of its own, and an
//!   encoded slash is where it does not matter, within `{*rest}`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path in both its readings.
#[derive(Debug)]
pub(crate) struct Path<'p> {
    pub(crate) sent: &'p str,
    pub(crate) decoded: Cow<'p, str>,
}

impl<'p> Path<'p> {
    /// The path, or why it matches nothing.
    pub(crate) fn read(path: &'p str) -> Result<Self, &'static str> {
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

/// Whether the path is read in one way only, with nothing to decode.
pub(crate) fn is_plain(path: &str) -> bool {
    Path::read(path).is_ok_and(|it| matches!(it.decoded, Cow::Borrowed(_)))
}

/// `text` percent-decoded; `None` where it is encoded wrongly, or not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if encoded(text).all(|it| it) {
        percent_decode_str(text).decode_utf8().ok()
    } else {
        None
    }
}

/// For each percent sign whether two hexadecimal digits follow it.
fn encoded(text: &str) -> impl Iterator<Item = bool> {
    text.split('%').skip(1).map(|after| {
        let mut digits = after.bytes().take(2);
        let hex = |it: Option<u8>| it.is_some_and(|it| it.is_ascii_hexdigit());
        hex(digits.next()) && hex(digits.next())
    })
}

/// Also what patterns have to keep: a pattern that does not is matched by nothing.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_can_be_read_in_one_way_only() {
        for (path, decoded) in [
            ("/", Some("/")),
            ("/a", Some("/a")),
            ("/a/", Some("/a")),
            ("/a/b.c", Some("/a/b.c")),
            ("/a/...", Some("/a/...")),
            ("/J%C3%BCrgen", Some("/Jürgen")),
            ("/a%20b", Some("/a b")),
            ("/a%2Fb", Some("/a/b")),
            ("/100%25", Some("/100%")),
            ("", None),
            ("*", None),
            ("a", None),
            ("//", None),
            ("//a", None),
            ("/a//b", None),
            ("/a//", None),
            ("/a/./b", None),
            ("/a/../b", None),
            ("/..", None),
            ("/a/%2e%2E/b", None),
            ("/a/%2e", None),
            ("/a%2F", None),
            ("/a%2F%2Fb", None),
            ("/a%2F..%2Fb", None),
            ("/a\\b", None),
            ("/a%5Cb", None),
            ("/a%00", None),
            ("/a%0Ab", None),
            ("/a%7F", None),
            ("/a%252Fb", None),
            ("/%252e%252e", None),
            ("/a%2525", None),
            ("/a%", None),
            ("/a%2", None),
            ("/a%zz", None),
            ("/a%FF", None),
        ] {
            let read = Path::read(path).ok();
            assert_eq!(read.as_ref().map(|it| &*it.decoded), decoded, "{path}");
        }
    }
}
