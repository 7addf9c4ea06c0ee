//! Comparisons of claims and of parts of the request, with each other or with a fixed value.

use http::HeaderName;

use super::{
    super::{
        claim_path::ClaimPath,
        eval::Decimal,
        model::{
            Attribute, Comparison, Operand, Operator, Policy, Relation, Requirement, Source, Value,
        },
    },
    requirement::non_empty,
};

/// Names the claim at `path`. See [`ClaimPath`] for nested claims and names with dots.
///
/// # Panics
///
/// Panics if `path` is not a valid claim path. Use [`Attribute::claim`] for paths from outside the program.
#[must_use]
#[track_caller]
pub fn claim(path: &str) -> Attribute {
    match path.parse() {
        Ok(path) => Attribute::claim(path),
        Err(error) => panic!("{error}"),
    }
}

/// Names the member at `path` of the element that [`detail`](super::detail) is about. Outside of `detail` it has
/// no value, and the text of a policy can't have it there.
///
/// # Panics
///
/// Panics if `path` is not a valid [`ClaimPath`].
#[must_use]
#[track_caller]
pub fn member(path: &str) -> Attribute {
    match path.parse() {
        Ok(path) => Attribute(Source::Member(path)),
        Err(error) => panic!("{error}"),
    }
}

/// Names the path parameter `name`, percent-decoded. The route's pattern has it as `{name}`.
#[must_use]
pub fn path(name: &str) -> Attribute {
    Attribute(Source::Path(name.into()))
}

/// Names the header `name`. A header that is repeated or is not UTF-8 has no value.
///
/// # Panics
///
/// Panics if `name` is not a header name.
#[must_use]
#[track_caller]
pub fn header(name: &str) -> Attribute {
    match HeaderName::try_from(name) {
        Ok(name) => Attribute(Source::Header(name)),
        Err(error) => panic!("{name:?} is not the name of a header: {error}"),
    }
}

/// Names the query parameter `name`, decoded. A parameter that is repeated has no value.
#[must_use]
pub fn query(name: &str) -> Attribute {
    Attribute(Source::Query(name.into()))
}

impl Attribute {
    /// Names the claim at `path`.
    #[must_use]
    pub const fn claim(path: ClaimPath) -> Self {
        Self(Source::Claim(path))
    }

    /// Requires any value except `null`.
    #[must_use]
    pub fn exists(self) -> Policy {
        self.compare(Operator::Exists)
    }

    /// Requires `value`, of the same type: the string `"1"` is not the number 1.
    ///
    /// Values from a request are always strings. There, `42` equals a claim that is the number 42.
    #[must_use]
    pub fn equals(self, value: impl Into<Operand>) -> Policy {
        self.compare(Operator::Equals(value.into()))
    }

    /// Requires a value of the same type as `value` that differs from it.
    #[must_use]
    pub fn differs_from(self, value: impl Into<Operand>) -> Policy {
        self.compare(Operator::Differs(value.into()))
    }

    /// Requires one of `values`.
    ///
    /// # Panics
    ///
    /// Panics if `values` is empty.
    #[must_use]
    #[track_caller]
    pub fn one_of<T: Into<Operand>>(self, values: impl IntoIterator<Item = T>) -> Policy {
        self.compare(Operator::OneOf(non_empty(values)))
    }

    /// Requires an array with the element `value`, an object with that key, or `value` itself. Never
    /// matches a substring.
    ///
    /// A key with the value `null` or `false` does not count. A string that may be a list, with a space or
    /// a comma in it, is [unknown](crate::policy::Verdict::Unknown).
    #[must_use]
    pub fn contains(self, value: impl Into<Operand>) -> Policy {
        self.compare(Operator::Contains(value.into()))
    }

    /// Requires a string that starts with `prefix`, case-sensitively, such as `refs/tags/v`.
    ///
    /// For claims and members only. Any text may follow the prefix: `refs/heads/main` also matches
    /// `refs/heads/main-2`.
    ///
    /// # Panics
    ///
    /// Panics if `prefix` is empty or if this is part of the request.
    #[must_use]
    #[track_caller]
    pub fn starts_with(self, prefix: impl Into<String>) -> Policy {
        let prefix: String = prefix.into();
        assert!(!prefix.is_empty(), "{EMPTY_PREFIX}");
        assert!(
            matches!(self.0, Source::Claim(_) | Source::Member(_)),
            "{self}: {PREFIX_OF_CLAIMS_ONLY}"
        );
        self.compare(Operator::StartsWith(prefix.into()))
    }

    /// Requires a number less than `limit`. Numbers are compared exactly, as decimals: whole numbers, and texts of
    /// digits with at most one point, such as `"-12.50"`. `limit` can be such a text, too.
    ///
    /// Anything else is [unknown](crate::policy::Verdict::Unknown): a JSON number with a fraction, which parsers
    /// round, exponents, leading zeros, and more than 20 digits before the point or 18 after it.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is a boolean or a text that is not such a number.
    #[must_use]
    #[track_caller]
    pub fn less_than(self, limit: impl Into<Operand>) -> Policy {
        self.relate(Relation::Below, limit.into())
    }

    /// Requires a number less than or equal to `limit`. See [`less_than`](Self::less_than).
    ///
    /// # Panics
    ///
    /// Panics if `limit` is a boolean or a text that is not such a number.
    #[must_use]
    #[track_caller]
    pub fn at_most(self, limit: impl Into<Operand>) -> Policy {
        self.relate(Relation::AtMost, limit.into())
    }

    /// Requires a number greater than `limit`. See [`less_than`](Self::less_than).
    ///
    /// # Panics
    ///
    /// Panics if `limit` is a boolean or a text that is not such a number.
    #[must_use]
    #[track_caller]
    pub fn greater_than(self, limit: impl Into<Operand>) -> Policy {
        self.relate(Relation::Above, limit.into())
    }

    /// Requires a number greater than or equal to `limit`. See [`less_than`](Self::less_than).
    ///
    /// # Panics
    ///
    /// Panics if `limit` is a boolean or a text that is not such a number.
    #[must_use]
    #[track_caller]
    pub fn at_least(self, limit: impl Into<Operand>) -> Policy {
        self.relate(Relation::AtLeast, limit.into())
    }

    #[track_caller]
    fn relate(self, relation: Relation, Operand(limit): Operand) -> Policy {
        let limit = match limit {
            Value::Text(text) => Value::limit(&text),
            Value::Integer(_) | Value::Attribute(_) => Some(limit),
            Value::Decimal(_) | Value::Bool(_) => None,
        };
        match limit {
            Some(limit) => self.compare(Operator::Relation(relation, Operand(limit))),
            None => panic!("{self} {} ...: {NO_LIMIT}", relation.sign()),
        }
    }

    fn compare(self, operator: Operator) -> Policy {
        Policy(Requirement::Compare(Box::new(Comparison {
            left: self,
            operator,
        })))
    }
}

pub(crate) const EMPTY_PREFIX: &str = "an empty prefix: every text starts with it";
pub(crate) const PREFIX_OF_CLAIMS_ONLY: &str = "`starts_with` is for claims and members only";
pub(crate) const NO_LIMIT: &str = "the limit must be a number without leading zeros, with at most 20 digits before the point and 18 after it";

impl Value {
    /// The number that `text` is.
    pub(crate) fn limit(text: &str) -> Option<Self> {
        Decimal::parse(text)?;
        let whole = text.parse().map(Self::Integer);
        Some(whole.unwrap_or_else(|_| Self::Decimal(text.into())))
    }
}

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
