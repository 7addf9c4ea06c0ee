//! A value against another: what is equal to what, and when that can't be said.

use std::{borrow::Cow, fmt};

use serde_json::Value as Json;

use super::{
    Attribute, Facts, Operand, Verdict,
    attribute::{Source, Value},
    claim_path::ClaimLookup,
};

/// A requirement about one attribute.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) left: Attribute,
    pub(crate) operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Exists,
    Equals(Operand),
    Differs(Operand),
    OneOf(Box<[Operand]>),
    Contains(Operand),
    /// Of a claim. Never empty.
    StartsWith(Box<str>),
}

/// A value while it is looked at.
#[derive(Clone, Debug)]
pub(crate) enum ValueRef<'a> {
    Claim(&'a Json),
    /// Out of the request, where everything is text.
    Request(Cow<'a, str>),
    Text(&'a str),
    Integer(i64),
    Bool(bool),
}

impl Comparison {
    pub(crate) fn verdict(&self, facts: &Facts<'_>) -> Verdict {
        if let Operator::Exists = self.operator {
            return self.left.exists_in(facts);
        }
        let Some(left) = self.left.find(facts) else {
            return Verdict::Unknown;
        };
        let equals = |left: &ValueRef<'_>, operand: &Operand| match operand.find(facts) {
            Some(right) => left.equals(&right),
            None => Verdict::Unknown,
        };
        match &self.operator {
            Operator::Exists => Verdict::Met,
            Operator::Equals(operand) => equals(&left, operand),
            Operator::Differs(operand) => equals(&left, operand).not(),
            Operator::OneOf(operands) => {
                Verdict::any(operands.iter().map(|operand| equals(&left, operand)))
            }
            Operator::Contains(operand) => match operand.find(facts) {
                Some(right) => left.contains(&right),
                None => Verdict::Unknown,
            },
            Operator::StartsWith(prefix) => left.text().map_or(Verdict::Unknown, |text| {
                Verdict::from(text.starts_with(&**prefix))
            }),
        }
    }
}

impl Comparison {
    pub(crate) fn depends_on_request(&self) -> bool {
        let mut attributes = self.attributes();
        attributes.any(|it| !matches!(it.0, Source::Claim(_)))
    }

    pub(crate) fn reads_query(&self) -> bool {
        let mut attributes = self.attributes();
        attributes.any(|it| matches!(it.0, Source::Query(_)))
    }

    pub(crate) fn path_params(&self) -> impl Iterator<Item = &str> {
        self.attributes().filter_map(|it| match &it.0 {
            Source::Path(name) => Some(&**name),
            _ => None,
        })
    }

    /// Every attribute in it, the left one first.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        let right = match &self.operator {
            Operator::Exists | Operator::StartsWith(_) => &[][..],
            Operator::Equals(it) | Operator::Differs(it) | Operator::Contains(it) => {
                std::slice::from_ref(it)
            }
            Operator::OneOf(all) => all,
        };
        let right = right.iter().filter_map(|operand| match &operand.0 {
            Value::Attribute(attribute) => Some(attribute),
            _ => None,
        });
        std::iter::once(&self.left).chain(right)
    }
}

impl<'a> ValueRef<'a> {
    /// Equality of two single values of one kind; between kinds it can't be said.
    pub(crate) fn equals(&self, other: &ValueRef<'_>) -> Verdict {
        if let (Some(left), Some(right)) = (self.text(), other.text()) {
            return Verdict::from(left == right);
        }
        if let (Some(left), Some(right)) = (self.truth(), other.truth()) {
            return Verdict::from(left == right);
        }
        match (self, other) {
            (Self::Request(text), _) => other.is_written(text),
            (_, ValueRef::Request(text)) => self.is_written(text),
            _ => match (self.number(), other.number()) {
                (Some(left), Some(right)) => left.equals(right),
                _ => Verdict::Unknown,
            },
        }
    }

    /// A request has only text, so a number matches in its canonical form alone. Another spelling is
    /// undecidable: the handler may parse `042` as 42.
    fn is_written(&self, text: &str) -> Verdict {
        let canonical = text == "0" || !text.starts_with(['+', '0']) && !text.starts_with("-0");
        let written: Option<i64> = text.parse().ok().filter(|_| canonical);
        match (self.integer(), written) {
            (Some(number), Some(written)) => Verdict::from(number == written),
            _ => Verdict::Unknown,
        }
    }

    /// Whether one of the values that this holds equals `other`.
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

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Claim(Json::String(text)) => Some(text),
            Self::Request(text) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    const fn truth(&self) -> Option<bool> {
        match self {
            Self::Claim(Json::Bool(truth)) => Some(*truth),
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self.number()? {
            Number::Integer(number) => i64::try_from(number).ok(),
            Number::Fraction => None,
        }
    }

    fn number(&self) -> Option<Number> {
        match self {
            Self::Integer(number) => Some(Number::Integer(i128::from(*number))),
            Self::Claim(Json::Number(number)) => {
                let whole = number.as_i64().map(i128::from);
                let whole = whole.or_else(|| number.as_u64().map(i128::from));
                if let Some(whole) = whole {
                    return Some(Number::Integer(whole));
                }
                let float = number.as_f64()?;
                // Beyond 2^53 a float stands for several whole numbers, and may be equal to none.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                if float.fract() != 0.0 {
                    Some(Number::Fraction)
                } else if float.abs() < EXACT {
                    Some(Number::Integer(float as i128))
                } else {
                    None
                }
            }
            _ => None,
        }
    }
}

/// Whether an object counts as having a key with this value. `{"admin": false}` says the opposite of
/// `{"admin": true}`, and what a number, an array or an empty text would say is anybody's guess.
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

/// Whether a text that should be one value may be several: separated by spaces or commas, or a JSON
/// array or object within a string.
pub(crate) fn may_be_a_list(text: &str) -> bool {
    text.starts_with(['[', '{', '"'])
        || text.contains(|it: char| matches!(it, ',' | ';') || it.is_whitespace())
}

#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    /// Equal to no whole number, and compared with no other.
    Fraction,
}

impl Number {
    fn equals(self, other: Self) -> Verdict {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Verdict::from(left == right),
            (Self::Fraction, Self::Fraction) => Verdict::Unknown,
            _ => Verdict::NotMet,
        }
    }
}

impl Attribute {
    pub(crate) fn find<'a>(&self, facts: &Facts<'a>) -> Option<ValueRef<'a>> {
        match &self.0 {
            Source::Claim(path) => facts.find(path).value().map(ValueRef::Claim),
            Source::Path(name) => facts.request?.path_param(name).map(ValueRef::Request),
            Source::Header(name) => {
                let mut values = facts.request?.headers.get_all(name).iter();
                let value = values.next()?;
                let text = std::str::from_utf8(value.as_bytes()).ok()?;
                let alone = values.next().is_none();
                alone.then_some(ValueRef::Request(Cow::Borrowed(text)))
            }
            Source::Query(name) => {
                let mut values = query_values(facts, name)?;
                let value = values.next()?;
                // What was no UTF-8 has been replaced, and is no longer what was sent.
                let whole = !value.contains(char::REPLACEMENT_CHARACTER);
                (whole && values.next().is_none()).then_some(ValueRef::Request(value))
            }
        }
    }

    /// Whether it is there at all, be it twice or unreadable.
    fn exists_in(&self, facts: &Facts<'_>) -> Verdict {
        match &self.0 {
            Source::Claim(path) => match facts.find(path) {
                ClaimLookup::Found(_) => Verdict::Met,
                ClaimLookup::Absent => Verdict::NotMet,
                _ => Verdict::Unknown,
            },
            Source::Path(name) => match facts.request {
                Some(request) => Verdict::from(request.path_param(name).is_some()),
                None => Verdict::Unknown,
            },
            Source::Header(name) => match facts.request {
                Some(request) => Verdict::from(request.headers.contains_key(name)),
                None => Verdict::Unknown,
            },
            Source::Query(name) => match query_values(facts, name) {
                Some(mut values) => Verdict::from(values.next().is_some()),
                None => Verdict::Unknown,
            },
        }
    }
}

fn query_values<'a>(facts: &Facts<'a>, name: &str) -> Option<impl Iterator<Item = Cow<'a, str>>> {
    let query = facts.request?.uri.query().unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    Some(pairs.filter_map(move |(key, value)| (key == name).then_some(value)))
}

impl Operand {
    pub(crate) fn find<'a>(&'a self, facts: &Facts<'a>) -> Option<ValueRef<'a>> {
        match &self.0 {
            Value::Text(text) => Some(ValueRef::Text(text)),
            Value::Integer(number) => Some(ValueRef::Integer(*number)),
            Value::Bool(truth) => Some(ValueRef::Bool(*truth)),
            Value::Attribute(attribute) => attribute.find(facts),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = &self.left;
        match &self.operator {
            Operator::Exists => write!(f, "{left} exists"),
            Operator::Equals(right) => write!(f, "{left} == {right}"),
            Operator::Differs(right) => write!(f, "{left} != {right}"),
            Operator::Contains(right) => write!(f, "{left} contains {right}"),
            Operator::StartsWith(prefix) => write!(f, "{left} starts_with {prefix:?}"),
            Operator::OneOf(values) => {
                write!(f, "{left} in [")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}
