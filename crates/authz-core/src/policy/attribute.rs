//! Values that a policy compares: claims, parts of the request, and what the policy itself says.

use std::fmt;

use http::HeaderName;

use super::{ClaimPath, Comparison, Operator, Policy, Requirement};

/// A value that the token or the request brings: the left side of a comparison.
///
/// ```
/// use authz_core::policy::{claim, header, path};
///
/// let tenant = claim("org_id").equals(path("org"));
/// let paying = claim("plan").one_of(["gold", "silver"]);
/// let verified = claim("email_verified").equals(true);
/// let member = claim("teams").contains(header("x-team"));
/// assert_eq!(tenant.to_string(), r#"claim("org_id") == path("org")"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute(pub(crate) Source);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Claim(ClaimPath),
    Path(Box<str>),
    Header(HeaderName),
    Query(Box<str>),
}

/// The right side of a comparison: a text, a whole number, a truth value, or an [`Attribute`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand(pub(crate) Value);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Box<str>),
    Integer(i64),
    Bool(bool),
    Attribute(Attribute),
}

/// The claim at `path`: see [`ClaimPath`] for how to write nested claims and names with dots.
///
/// # Panics
///
/// When `path` is no path of a claim. For paths that are not known before the program runs there
/// is [`Attribute::claim`].
#[must_use]
#[track_caller]
pub fn claim(path: &str) -> Attribute {
    match path.parse() {
        Ok(path) => Attribute::claim(path),
        Err(error) => panic!("{error}"),
    }
}

/// The path parameter `name`, percent-decoded: what the route's pattern calls `{name}`.
#[must_use]
pub fn path(name: &str) -> Attribute {
    Attribute(Source::Path(name.into()))
}

/// The header `name`. One that stands in the request several times, or is not UTF-8, has no value
/// to compare: nobody can say which of them counts.
///
/// # Panics
///
/// When `name` is no header name.
#[must_use]
#[track_caller]
pub fn header(name: &str) -> Attribute {
    match HeaderName::try_from(name) {
        Ok(name) => Attribute(Source::Header(name)),
        Err(error) => panic!("{name:?} is not the name of a header: {error}"),
    }
}

/// The parameter `name` of the query, decoded. One that stands there several times has no value to
/// compare: nobody can say which of them counts.
#[must_use]
pub fn query(name: &str) -> Attribute {
    Attribute(Source::Query(name.into()))
}

impl Attribute {
    /// The claim at `path`.
    #[must_use]
    pub const fn claim(path: ClaimPath) -> Self {
        Self(Source::Claim(path))
    }

    /// It is there, whatever its value; `null` is as good as absent.
    #[must_use]
    pub fn exists(self) -> Policy {
        self.compare(Operator::Exists)
    }

    /// It is `value`, of the same type: the text `"1"` is not the number 1.
    ///
    /// Only what a request brings is text by nature: there, `42` equals a claim that is the number 42.
    #[must_use]
    pub fn equals(self, value: impl Into<Operand>) -> Policy {
        self.compare(Operator::Equals(value.into()))
    }

    /// It is there, can be compared with `value`, and is another.
    #[must_use]
    pub fn differs_from(self, value: impl Into<Operand>) -> Policy {
        self.compare(Operator::Differs(value.into()))
    }

    /// It is one of `values`.
    ///
    /// # Panics
    ///
    /// When `values` is empty.
    #[must_use]
    #[track_caller]
    pub fn one_of<T: Into<Operand>>(self, values: impl IntoIterator<Item = T>) -> Policy {
        let values: Box<[_]> = values.into_iter().map(Into::into).collect();
        assert!(
            !values.is_empty(),
            "an empty list: nothing could be one of it"
        );
        self.compare(Operator::OneOf(values))
    }

    /// It is an array with the element `value`, or an object with that key, or `value` itself. A
    /// part of a text is never enough.
    ///
    /// A key with `null` or `false` counts as none. Another text that may be a list, with a space or
    /// a comma in it, is [unknown](crate::policy::Verdict::Unknown).
    #[must_use]
    pub fn contains(self, value: impl Into<Operand>) -> Policy {
        self.compare(Operator::Contains(value.into()))
    }

    /// It is a text that starts with `prefix`, to the letter: for values such as `refs/tags/v1.2`.
    ///
    /// For claims only. Where a prefix ends, any text may follow: `refs/heads/main` also starts
    /// `refs/heads/main-2`.
    ///
    /// # Panics
    ///
    /// When `prefix` is empty, or when this is not a claim.
    #[must_use]
    #[track_caller]
    pub fn starts_with(self, prefix: impl Into<String>) -> Policy {
        let prefix: String = prefix.into();
        assert!(!prefix.is_empty(), "{EMPTY_PREFIX}");
        assert!(
            matches!(self.0, Source::Claim(_)),
            "{self}: {PREFIX_OF_CLAIMS_ONLY}"
        );
        self.compare(Operator::StartsWith(prefix.into()))
    }

    fn compare(self, operator: Operator) -> Policy {
        Policy(Requirement::Compare(Box::new(Comparison {
            left: self,
            operator,
        })))
    }
}

pub(super) const EMPTY_PREFIX: &str = "an empty prefix: every text starts with it";
pub(super) const PREFIX_OF_CLAIMS_ONLY: &str = "`starts_with` is for claims only";

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.into()))
    }
}

impl From<String> for Operand {
    fn from(text: String) -> Self {
        Self(Value::Text(text.into()))
    }
}

impl From<i64> for Operand {
    fn from(number: i64) -> Self {
        Self(Value::Integer(number))
    }
}

impl From<bool> for Operand {
    fn from(truth: bool) -> Self {
        Self(Value::Bool(truth))
    }
}

impl From<Attribute> for Operand {
    fn from(attribute: Attribute) -> Self {
        Self(Value::Attribute(attribute))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Claim(path) => write!(f, "claim({:?})", path.to_string()),
            Source::Path(name) => write!(f, "path({name:?})"),
            Source::Header(name) => write!(f, "header({:?})", name.as_str()),
            Source::Query(name) => write!(f, "query({name:?})"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Attribute(attribute) => write!(f, "{attribute}"),
        }
    }
}
