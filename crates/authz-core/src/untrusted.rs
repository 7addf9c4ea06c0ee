//! Displays untrusted text (tokens, requests, key sets, metadata) in log lines and errors.
//!
//! Untrusted text is always displayed as [`Excerpt`], [`Quoted`] or, within a longer message,
//! [`Bounded`]. They escape what a terminal or a line-based log would interpret, and limit the
//! length.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// Displays a string in quotes, escaped, and truncated to [`Excerpt::MAX_CHARS`] characters and
/// [`Excerpt::MAX_BYTES`] bytes of output.
///
/// `Debug` and `Display` have the same output.
#[derive(Clone, Copy)]
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl Excerpt<'_> {
    /// Maximum number of characters, before escaping.
    pub(crate) const MAX_CHARS: usize = 200;
    /// Maximum number of bytes between the quotes. One character may be escaped to ten bytes, and a
    /// log line has up to seven such strings.
    pub(crate) const MAX_BYTES: usize = 220;
}

/// Displays a value in quotes, escaped, and truncated to [`Quoted::MAX_BYTES`] bytes of output.
pub(crate) struct Quoted<T>(pub(crate) T);

impl<T> Quoted<T> {
    /// Enough for an error message with a URL.
    const MAX_BYTES: usize = 400;
}

/// Displays a value that may contain untrusted text: escapes control characters and truncates to
/// this many bytes. Formatting stops at the limit.
pub(crate) struct Bounded<T>(pub(crate) T, pub(crate) usize);

/// Like [`Bounded`], but keeps line breaks. Untrusted text in the value must be escaped already.
pub(crate) struct BoundedLines<T>(pub(crate) T, pub(crate) usize);

/// Writes escaped characters until `room` bytes are used.
struct Escaping<'f, 'b> {
    into: &'f mut fmt::Formatter<'b>,
    room: usize,
    /// Escapes quotes and backslashes too.
    quotes: bool,
    /// Keeps line breaks.
    lines: bool,
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let end = (self.0.char_indices().nth(Self::MAX_CHARS)).map_or(self.0.len(), |(at, _)| at);
        let (shown, rest) = self.0.split_at(end);
        let whole = Escaping::new(f, Self::MAX_BYTES).quoted().write(shown) && rest.is_empty();
        f.write_str(if whole { "\"" } else { "...\"" })
    }
}

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let whole = Escaping::new(f, Self::MAX_BYTES).quoted().write(&self.0);
        f.write_str(if whole { "\"" } else { "...\"" })
    }
}

impl<T: fmt::Display> fmt::Display for Bounded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = Escaping::new(f, self.1).write(&self.0);
        f.write_str(if whole { "" } else { "..." })
    }
}

impl<T: fmt::Display> fmt::Display for BoundedLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = Escaping::new(f, self.1).with_lines().write(&self.0);
        f.write_str(if whole { "" } else { "..." })
    }
}

impl<'f, 'b> Escaping<'f, 'b> {
    const fn new(into: &'f mut fmt::Formatter<'b>, room: usize) -> Self {
        Self {
            into,
            room,
            quotes: false,
            lines: false,
        }
    }

    const fn quoted(mut self) -> Self {
        self.quotes = true;
        self
    }

    const fn with_lines(mut self) -> Self {
        self.lines = true;
        self
    }

    /// Writes `value`. Returns `false` if it does not fit: the error only stops the formatting.
    fn write(mut self, value: impl fmt::Display) -> bool {
        write!(self, "{value}").is_ok()
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

/// Truncates `text` to [`Excerpt::MAX_CHARS`] characters.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(Excerpt::MAX_CHARS) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}...", text.get(..at).unwrap_or_default())),
    }
}

/// Longest part of an error message that may quote untrusted text, in bytes.
pub(crate) const ERROR_BYTES: usize = 500;

/// Implements `Debug` as `Display`, because a `main` that returns the error prints `Debug`.
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
        // Each character takes ten bytes when escaped.
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
