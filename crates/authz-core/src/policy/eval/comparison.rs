//! Comparisons, and the values in the token and the request that they compare.

use std::{borrow::Cow, cmp::Ordering, str};

use super::{context::EvalContext, value::ValueRef, verdict::Verdict};
use crate::policy::model::{Attribute, Comparison, Operand, Operator, Relation, Source, Value};

impl Comparison {
    pub(crate) fn verdict(&self, context: &EvalContext<'_>) -> Verdict {
        if let Operator::Exists = self.operator {
            return self.left.presence(context);
        }
        let Some(left) = self.left.value(context) else {
            return Verdict::Unknown;
        };
        let equals = |operand: &Operand| match operand.value(context) {
            Some(right) => left.equals(&right),
            None => Verdict::Unknown,
        };
        match &self.operator {
            Operator::Exists => Verdict::Met,
            Operator::Equals(operand) => equals(operand),
            Operator::Differs(operand) => equals(operand).not(),
            Operator::OneOf(operands) => Verdict::any(operands.iter().map(equals)),
            Operator::Contains(operand) => match operand.value(context) {
                Some(right) => left.contains(&right),
                None => Verdict::Unknown,
            },
            Operator::Relation(relation, limit) => {
                let limit = limit.value(context);
                let ordering = limit.and_then(|limit| left.compare(&limit));
                Verdict::of(ordering.map(|it| relation.includes(it)))
            }
            Operator::StartsWith(prefix) => {
                Verdict::of(left.text().map(|text| text.starts_with(&**prefix)))
            }
        }
    }
}

impl Attribute {
    pub(crate) fn value<'a>(&self, context: &EvalContext<'a>) -> Option<ValueRef<'a>> {
        match &self.0 {
            Source::Claim(path) => context.find(path).value().map(ValueRef::Claim),
            Source::Member(path) => context.find_member(path).value().map(ValueRef::Claim),
            Source::Path(name) => context.request?.path_param(name).map(ValueRef::Request),
            Source::Header(name) => {
                let value = single(context.request?.headers.get_all(name).iter())?;
                let text = str::from_utf8(value.as_bytes()).ok()?;
                Some(ValueRef::Request(Cow::Borrowed(text)))
            }
            Source::Query(name) => {
                let value = single(query_values(context, name)?)?;
                // The decoder replaces invalid UTF-8, so this is not what was sent.
                let is_valid = !value.contains(char::REPLACEMENT_CHARACTER);
                is_valid.then_some(ValueRef::Request(value))
            }
        }
    }

    /// Also meets repeated and unreadable values, which [`value`](Self::value) does not return.
    fn presence(&self, context: &EvalContext<'_>) -> Verdict {
        let request = context.request;
        Verdict::of(match &self.0 {
            Source::Claim(path) => context.find(path).presence(),
            Source::Member(path) => context.find_member(path).presence(),
            Source::Path(name) => request.map(|it| it.path_param(name).is_some()),
            Source::Header(name) => request.map(|it| it.headers.contains_key(name)),
            Source::Query(name) => query_values(context, name).map(|mut it| it.next().is_some()),
        })
    }
}

impl Relation {
    const fn includes(self, ordering: Ordering) -> bool {
        match self {
            Self::Below => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Above => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

/// A repeated parameter is ambiguous, so it has no value.
fn single<T>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn query_values<'a>(
    context: &EvalContext<'a>,
    name: &str,
) -> Option<impl Iterator<Item = Cow<'a, str>>> {
    let query = context.request?.uri.query().unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    Some(pairs.filter_map(move |(key, value)| (key == name).then_some(value)))
}

impl Operand {
    fn value<'a>(&'a self, context: &EvalContext<'a>) -> Option<ValueRef<'a>> {
        match &self.0 {
            Value::Text(text) | Value::Decimal(text) => Some(ValueRef::Text(text)),
            Value::Integer(number) => Some(ValueRef::Integer(*number)),
            Value::Bool(truth) => Some(ValueRef::Bool(*truth)),
            Value::Attribute(attribute) => attribute.value(context),
        }
    }
}
