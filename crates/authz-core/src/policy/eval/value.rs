//! Which values are equal, which contain others, and when that is undecidable.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::Value as Json;

use super::{decimal::Decimal, verdict::Verdict};

/// A value in a comparison.
#[derive(Clone, Debug)]
pub(crate) enum ValueRef<'a> {
    Claim(&'a Json),
    /// Part of the request, where every value is a string.
    Request(Cow<'a, str>),
    Text(&'a str),
    Integer(i64),
    Bool(bool),
}

/// A [`ValueRef`] by its type.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Text(&'a str),
    Request(&'a str),
    Bool(bool),
    Integer(i128),
    /// Not equal to any integer, and not compared with other fractions.
    Fraction,
    Other,
}

impl ValueRef<'_> {
    /// Equality of two scalars of one type. Undecidable for values of different types.
    pub(crate) fn equals(&self, other: &ValueRef<'_>) -> Verdict {
        use Scalar::{Bool, Fraction, Integer, Request, Text};
        match (self.scalar(), other.scalar()) {
            (Text(left) | Request(left), Text(right) | Request(right)) => {
                Verdict::from(left == right)
            }
            (Bool(left), Bool(right)) => Verdict::from(left == right),
            (Integer(left), Integer(right)) => Verdict::from(left == right),
            (Integer(_), Fraction) | (Fraction, Integer(_)) => Verdict::NotMet,
            (Integer(number), Request(text)) | (Request(text), Integer(number)) => {
                is_written(number, text)
            }
            _ => Verdict::Unknown,
        }
    }

    /// Whether this contains the value `other`: as an element, as a key, or as itself.
    pub(crate) fn contains(&self, other: &ValueRef<'_>) -> Verdict {
        match self {
            Self::Claim(Json::Array(elements)) => {
                Verdict::any(elements.iter().map(|it| ValueRef::Claim(it).equals(other)))
            }
            Self::Claim(Json::Object(members)) => match other.text() {
                Some(key) => members.get(key).map_or(Verdict::NotMet, has_key),
                None => Verdict::Unknown,
            },
            _ => match self.equals(other) {
                Verdict::NotMet if self.text().is_some_and(may_be_a_list) => Verdict::Unknown,
                verdict => verdict,
            },
        }
    }

    /// Compares two numbers. Returns `None` if either is not a number, or is a JSON number with a fraction, which a
    /// parser may have rounded.
    pub(crate) fn compare(&self, other: &ValueRef<'_>) -> Option<Ordering> {
        Some(self.decimal()?.cmp(&other.decimal()?))
    }

    fn decimal(&self) -> Option<Decimal> {
        match self.scalar() {
            Scalar::Text(text) | Scalar::Request(text) => Decimal::parse(text),
            Scalar::Integer(number) => Decimal::whole(number),
            Scalar::Bool(_) | Scalar::Fraction | Scalar::Other => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self.scalar() {
            Scalar::Text(text) | Scalar::Request(text) => Some(text),
            _ => None,
        }
    }

    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Text(text) => Scalar::Text(text),
            Self::Claim(Json::String(text)) => Scalar::Text(text),
            Self::Request(text) => Scalar::Request(text),
            Self::Bool(truth) | Self::Claim(Json::Bool(truth)) => Scalar::Bool(*truth),
            Self::Integer(number) => Scalar::Integer(i128::from(*number)),
            Self::Claim(Json::Number(number)) => number_scalar(number),
            Self::Claim(Json::Null | Json::Array(_) | Json::Object(_)) => Scalar::Other,
        }
    }
}

fn number_scalar(number: &serde_json::Number) -> Scalar<'static> {
    // From 2^53 on, a float stands for several integers, and may equal none of them.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = (number.as_i64().map(i128::from)).or_else(|| number.as_u64().map(i128::from));
    match (whole, number.as_f64()) {
        (Some(whole), _) => Scalar::Integer(whole),
        (None, Some(float)) if float.fract() != 0.0 => Scalar::Fraction,
        (None, Some(float)) if float.abs() < EXACT => Scalar::Integer(float as i128),
        _ => Scalar::Other,
    }
}

/// A request has only strings, so a number matches in its canonical form alone. Another spelling is
/// undecidable: the handler may parse `042` as 42.
fn is_written(number: i128, text: &str) -> Verdict {
    let canonical = text == "0" || !text.starts_with(['+', '0']) && !text.starts_with("-0");
    let written: Option<i64> = text.parse().ok().filter(|_| canonical);
    match (i64::try_from(number), written) {
        (Ok(number), Some(written)) => Verdict::from(number == written),
        _ => Verdict::Unknown,
    }
}

/// Whether an object with a key of this value counts as having the key. `{"admin": false}` is the
/// opposite of `{"admin": true}`; the meaning of a number, an array or an empty string is not known.
fn has_key(value: &Json) -> Verdict {
    match value {
        Json::Object(_) | Json::Bool(true) => Verdict::Met,
        Json::Null | Json::Bool(false) => Verdict::NotMet,
        Json::String(text) if !text.is_empty() && !text.eq_ignore_ascii_case("false") => {
            Verdict::Met
        }
        _ => Verdict::Unknown,
    }
}

/// Returns `true` if a string may hold several values: separated by spaces, commas or semicolons, or as
/// JSON.
pub(crate) fn may_be_a_list(text: &str) -> bool {
    text.starts_with(['[', '{', '"'])
        || text.contains(|it: char| matches!(it, ',' | ';') || it.is_whitespace())
}
