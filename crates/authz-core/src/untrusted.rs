//! Text from outside (tokens, requests, key sets, metadata) on its way into a log line or an error.
//!
//! Such text is always shown as an [`Excerpt`], as [`Quoted`] or, within longer texts of our own, as
//! [`Bounded`]: what a terminal or a line-based log would obey is escaped, and the length is bounded.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// Displays a text from outside in quotes, escaped, and cut after [`Excerpt::MAX_CHARS`] characters
/// or [`Excerpt::MAX_BYTES`] bytes of output.
///
/// `Debug` and `Display` write the same.
#[derive(Clone, Copy)]
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl Excerpt<'_> {
    /// Characters of the text that are shown, before escaping.
    pub(crate) const MAX_CHARS: usize = 200;
    /// Bytes that are written between the quotes: one character may be escaped to ten, and a line of the log
    /// has room for seven such texts beside its longer fields.
    pub(crate) const MAX_BYTES: usize = 220;
}

/// Displays a value in quotes, escaped, and cut after [`Quoted::MAX_BYTES`] bytes of output.
pub(crate) struct Quoted<T>(pub(crate) T);

impl<T> Quoted<T> {
    /// Room for an error that names an address.
    const MAX_BYTES: usize = 400;
}

/// Displays a value that may hold texts from outside: control characters escaped, cut after so
/// many bytes. What is left out is not formatted further.
pub(crate) struct Bounded<T>(pub(crate) T, pub(crate) usize);

/// As [`Bounded`], for a text of ours with line breaks of its own, in which whatever is from outside is
/// escaped already.
pub(crate) struct BoundedLines<T>(pub(crate) T, pub(crate) usize);

/// Writes escaped characters until there is no more room.
struct Escaping<'f, 'b> {
    into: &'f mut fmt::Formatter<'b>,
    room: usize,
    quotes: bool,
    lines: bool,
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let end = (self.0.char_indices().nth(Self::MAX_CHARS)).map_or(self.0.len(), |(at, _)| at);
        let (shown, rest) = self.0.split_at(end);
        let mut escaping = Escaping {
            into: f,
            room: Self::MAX_BYTES,
            quotes: true,
            lines: false,
        };
        let whole = escaping.write_str(shown).is_ok() && rest.is_empty();
        f.write_str(if whole { "\"" } else { "...\"" })
    }
}

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut escaping = Escaping {
            into: f,
            room: Self::MAX_BYTES,
            quotes: true,
            lines: false,
        };
        let whole = write!(escaping, "{}", self.0).is_ok();
        f.write_str(if whole { "\"" } else { "...\"" })
    }
}

impl<T: fmt::Display> fmt::Display for Bounded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaping = Escaping {
            into: f,
            room: self.1,
            quotes: false,
            lines: false,
        };
        // The error is how formatting is told to stop.
        if write!(escaping, "{}", self.0).is_err() {
            f.write_str("...")?;
        }
        Ok(())
    }
}

impl<T: fmt::Display> fmt::Display for BoundedLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaping = Escaping {
            into: f,
            room: self.1,
            quotes: false,
            lines: true,
        };
        if write!(escaping, "{}", self.0).is_err() {
            f.write_str("...")?;
        }
        Ok(())
    }
}

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            let escaped = char.escape_debug();
            let plain =
                !self.quotes && matches!(char, '"' | '\'' | '\\') || self.lines && char == '\n';
            let len = if plain {
                1
            } else {
                escaped.clone().map(char::len_utf8).sum()
            };
            self.room = self.room.checked_sub(len).ok_or(fmt::Error)?;
            if plain {
                self.into.write_char(char)?;
            } else {
                write!(self.into, "{escaped}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `text`, cut after [`Excerpt::MAX_CHARS`] characters.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(Excerpt::MAX_CHARS) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}...", text.get(..at).unwrap_or_default())),
    }
}

/// Bytes of an error that quotes texts from outside, within another error or in `Debug`.
pub(crate) const ERROR_BYTES: usize = 500;

/// `Debug` of an error is what it displays: it is what a `main` that returns the error prints.
macro_rules! debug_as_display {
    ($error:ty) => {
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use debug_as_display;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_cuts() {
        for (text, shown) in [
            ("abc", r#""abc""#),
            ("a\nb\u{1b}[31m\"", r#""a\nb\u{1b}[31m\"""#),
            ("\u{202e}x\u{2028}", r#""\u{202e}x\u{2028}""#),
            ("", r#""""#),
        ] {
            assert_eq!(Excerpt(text).to_string(), shown);
            assert_eq!(format!("{:?}", Excerpt(text)), shown);
        }
        let long = Excerpt(&"\n".repeat(100_000)).to_string();
        assert_eq!(long.len(), Excerpt::MAX_BYTES + "\"...\"".len());
        // Where each character takes ten bytes, less of them are shown.
        let escaped = Excerpt(&"\u{10fffd}".repeat(200)).to_string();
        assert_eq!(escaped.len(), Excerpt::MAX_BYTES + "\"...\"".len());
    }

    #[test]
    fn longer_texts_are_bounded_as_a_whole() {
        let shown =
            |text: &str, max| Bounded(format_args!("scope({text:?}) = {text}"), max).to_string();
        assert_eq!(shown("a'b", 100), r#"scope("a'b") = a'b"#);
        assert_eq!(shown("a\nb", 100), r#"scope("a\nb") = a\nb"#);
        assert_eq!(shown("abcdefghijk", 10), r#"scope("abc..."#);
    }
}
