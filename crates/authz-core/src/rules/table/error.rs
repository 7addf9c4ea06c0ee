use std::fmt;

use crate::policy::PolicyError;
use crate::rules::InvalidPattern;

/// Why a table of rules is refused. Rules are named by their place in the file, from 1, with the line
/// where they begin if it is TOML, and what they are about.
///
/// `Debug` shows the same message as `Display`: it is what a `main` that returns the error prints.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The file is no TOML or JSON, or not of the right form.
    #[error("the rules can't be read: {problem}")]
    Syntax {
        /// What is wrong, and where.
        problem: String,
    },
    /// There is no rule: everything would be denied.
    #[error("there is no rule")]
    Empty,
    /// A rule's path can't be one, or no request could match it.
    #[error("{rule}: {source}")]
    Path {
        /// The rule.
        rule: String,
        /// Why.
        source: InvalidPattern,
    },
    /// A rule's method can't be one, or no request could match it.
    #[error("{rule}: {problem}")]
    Method {
        /// The rule.
        rule: String,
        /// Why.
        problem: String,
    },
    /// A rule's policy is no policy.
    // Lines and columns are those of the policy's text.
    #[error("{rule}: in its policy: {source}")]
    Policy {
        /// The rule.
        rule: String,
        /// Where and why.
        source: PolicyError,
    },
    /// A rule's policy asks for a path parameter that its path does not have: it could never be met.
    #[error("{rule}: the policy asks for path({name:?}), and the path has no such parameter")]
    UnknownParameter {
        /// The rule.
        rule: String,
        /// The parameter.
        name: String,
    },
    /// Two rules are about the same requests.
    #[error("{rule} is never reached: {other} is about the same requests")]
    Duplicate {
        /// The later rule.
        rule: String,
        /// The earlier one.
        other: String,
    },
    /// Two rules match the same paths, but call parameters differently; or one has `{name}` where the
    /// other has `{*name}`.
    #[error(
        "{rule} and {other} can't be told apart: patterns that match the same paths have to be the same to the letter, and {{name}} and {{*name}} can't stand at the same place"
    )]
    Ambiguous {
        /// The later rule.
        rule: String,
        /// The earlier one.
        other: String,
    },
    /// Every path that a rule matches goes to another.
    #[error("{rule} is never reached: {other} stands before it")]
    Unreachable {
        /// The rule.
        rule: String,
        /// The other one.
        other: String,
    },
    /// `optional` has no meaning for a rule that is public.
    #[error("{rule}: what is public asks for no token, so none is optional")]
    OptionalPublic {
        /// The rule.
        rule: String,
    },
}

impl fmt::Debug for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
