use std::fmt;

use winnow::{
    error::ParserError,
    stream::{LocatingSlice, Location},
};

/// The text is not a valid policy.
///
/// ```
/// use authz_core::policy::Policy;
///
/// let error = r#"scope("read") and role(admin)"#.parse::<Policy>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"a text in double quotes is expected (line 1, column 24)
/// scope("read") and role(admin)
///                        ^"#,
/// );
/// ```
///
/// `Debug` prints the same message, because a `main` that returns the error prints it with `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyError {
    text: String,
    fail: Fail,
}

/// A mistake in a text that the parser still reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    /// Bytes from the start of the text.
    at: usize,
    problem: String,
}

impl PolicyError {
    pub(super) fn new(text: &str, fail: Fail) -> Self {
        Self {
            text: text.to_owned(),
            fail,
        }
    }

    /// Returns the message without the position.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.fail.problem
    }

    /// Returns the line of the mistake, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// Returns the position of the mistake in its line, in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.line_before().chars().count() + 1
    }

    fn before(&self) -> &str {
        self.text.get(..self.fail.at).unwrap_or(&self.text)
    }

    fn line_before(&self) -> &str {
        let before = self.before();
        before.rsplit_once('\n').map_or(before, |(_, line)| line)
    }
}

impl Fail {
    pub(super) fn new(at: usize, problem: impl fmt::Display) -> Self {
        Self {
            at,
            problem: problem.to_string(),
        }
    }
}

impl ParserError<LocatingSlice<&str>> for Fail {
    type Inner = Self;

    fn from_input(input: &LocatingSlice<&str>) -> Self {
        Self::new(input.current_token_start(), "this is not expected")
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column, problem) = (self.line(), self.column(), self.problem());
        let text = self.text.lines().nth(line - 1).unwrap_or_default();
        // A tab stays a tab, so that the caret is below the mistake.
        let indent: String = (self.line_before().chars())
            .map(|it| if it == '\t' { '\t' } else { ' ' })
            .collect();
        write!(
            f,
            "{problem} (line {line}, column {column})\n{text}\n{indent}^"
        )
    }
}

impl fmt::Debug for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PolicyError {}
