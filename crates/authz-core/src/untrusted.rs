//! Text from outside (tokens, requests, key sets, metadata) on its way into a log line or an error.
//!
//! Such text is always shown as an [`Excerpt`]: what a terminal or a line-based log would obey is
//! escaped, and the length is bounded.

use std::fmt::{self, Write as _};

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
}
