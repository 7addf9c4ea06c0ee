use std::fmt;

/// Why a table of rules is invalid. The message names rules by their number in the file, from 1, their line
/// in TOML, their methods and their path.
///
/// `Debug` prints the same message, because a `main` that returns the error prints it with `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RulesError {
    pub(super) kind: RulesErrorKind,
    pub(super) rule: Option<String>,
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

/// The kind of a [`RulesError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RulesErrorKind {
    /// The file is not TOML or JSON, or does not have the form of a table.
    Syntax,
    /// The table does not have any rules, and would deny everything.
    Empty,
    /// A rule's path is not a valid [`PathPattern`](crate::rules::PathPattern).
    Path,
    /// A rule's method is not registered, or no request could match it.
    Method,
    /// A rule's policy is invalid.
    Policy,
    /// A rule's policy needs a path parameter that its path does not have. It could never be met.
    UnknownParameter,
    /// Two rules apply to the same requests.
    Duplicate,
    /// Two patterns match the same paths with different names of parameters, or one has `{name}` where the
    /// other has `{*name}`.
    Ambiguous,
    /// Another rule applies to every path that a rule matches.
    Unreachable,
    /// A public rule is `optional`, which has no meaning.
    OptionalPublic,
}

impl RulesError {
    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> RulesErrorKind {
        self.kind
    }

    /// Returns the invalid rule as the message names it, such as `rule 2 in line 8 (GET /a)`. Of two rules
    /// that exclude each other, the later one.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Returns the line in the file, from 1: that of the syntax error, or the first one of the invalid rule.
    /// `None` for rules in JSON.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RulesError {}
