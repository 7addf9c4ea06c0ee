//! Text from outside (tokens, requests, key sets, metadata) on its way into a log line or an error.
//!
//! Such text is always shown as an [`Excerpt`]: what a terminal or a line-based log would obey is
//! escaped, and the length is bounded.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// Displays a text from outside in quotes, escaped, and cut after [`Excerpt::MAX_CHARS`] characters.
///
/// `Debug` and `Display` write the same.
#[derive(Clone, Copy)]
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl Excerpt<'_> {
    /// Characters of the text that are shown, before escaping.
    pub(crate) const MAX_CHARS: usize = 200;
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut rest = self.0.chars();
        for char in rest.by_ref().take(Self::MAX_CHARS) {
            write!(f, "{}", char.escape_debug())?;
        }
        f.write_str(if rest.next().is_some() { "...\"" } else { "\"" })
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Displays an error or another value that may quote text from outside: what a terminal would obey is
/// escaped, and the length is bounded. Without quotes.
#[derive(Clone, Copy)]
pub(crate) struct Printable<D>(pub(crate) D);

impl<D> Printable<D> {
    /// Characters that are written.
    const MAX_CHARS: usize = 1000;
}

impl<D: fmt::Display> fmt::Display for Printable<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Bounded {
            to: f,
            left: Self::MAX_CHARS,
        };
        match write!(writer, "{}", self.0) {
            Err(_) if writer.left == 0 => f.write_str("..."),
            written => written,
        }
    }
}

struct Bounded<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    left: usize,
}

impl fmt::Write for Bounded<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            // Quotes and backslashes stand in messages of our own.
            match char {
                '"' | '\\' | '\'' => self.to.write_char(char)?,
                _ => write!(self.to, "{}", char.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// `text`, cut after [`Excerpt::MAX_CHARS`] characters.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(Excerpt::MAX_CHARS) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}...", text.get(..at).unwrap_or_default())),
    }
}

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
        assert_eq!(long.len(), 2 * Excerpt::MAX_CHARS + "\"...\"".len());
    }

    #[test]
    fn messages_stay_on_their_line() {
        assert_eq!(Printable("\"a\" \n\u{1b}b").to_string(), r#""a" \n\u{1b}b"#);
        let long = Printable("x".repeat(100_000)).to_string();
        assert_eq!(long.len(), 1003);
        assert_eq!(Printable("x".repeat(1000)).to_string().len(), 1000);
    }
}
