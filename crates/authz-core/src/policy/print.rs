//! Prints a policy as text, which [parses](super::Policy::parse_with) to the same policy.

use std::fmt;

use super::model::{
    Attribute, Comparison, Detail, Operand, Operator, Policy, Requirement, Source, Value,
};

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({self})")
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyValidToken => f.write_str("any_valid_token"),
            Self::Deny => f.write_str("deny"),
            Self::Scope(scope) => write!(f, "scope({:?})", scope.as_str()),
            Self::Permission(name) => write!(f, "permission({name:?})"),
            Self::Role(name) => write!(f, "role({name:?})"),
            Self::Group(name) => write!(f, "group({name:?})"),
            Self::Client(ids) => call(f, "client", ids),
            Self::Issuer(ids) => call(f, "issuer", ids),
            Self::Acr(classes) => call(f, "acr", classes),
            Self::Amr(method) => write!(f, "amr({method:?})"),
            Self::MaxAge(seconds) => write!(f, "max_age({seconds})"),
            Self::Method(methods) => call(f, "method", methods),
            Self::Compare(comparison) => write!(f, "{comparison}"),
            Self::Detail(detail) => write!(f, "{detail}"),
            Self::Custom(predicate) => write!(f, "custom({:?})", predicate.name),
            Self::Not(policy) => write!(f, "not {}", InParentheses(policy)),
            Self::All(all) => join(f, all.iter().map(InParentheses), " and "),
            Self::Any(any) => join(f, any.iter().map(InParentheses), " or "),
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "detail({:?}", self.kind)?;
        if self.policy.0 != Requirement::AnyValidToken {
            write!(f, ", {}", self.policy)?;
        }
        f.write_str(")")
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
            Operator::Relation(relation, limit) => write!(f, "{left} {} {limit}", relation.sign()),
            Operator::OneOf(values) => {
                write!(f, "{left} in [")?;
                join(f, values, ", ")?;
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Claim(path) => write!(f, "claim({:?})", path.to_string()),
            Source::Member(path) => write!(f, "member({:?})", path.to_string()),
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
            Value::Decimal(number) => f.write_str(number),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Attribute(attribute) => write!(f, "{attribute}"),
        }
    }
}

/// An operand of `and`, `or` or `not`: in parentheses if it is `and` or `or` itself.
struct InParentheses<'p>(&'p Policy);

impl fmt::Display for InParentheses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.0 {
            Requirement::All(_) | Requirement::Any(_) => write!(f, "({})", self.0),
            _ => write!(f, "{}", self.0),
        }
    }
}

fn call(f: &mut fmt::Formatter<'_>, name: &str, texts: &[impl AsRef<str>]) -> fmt::Result {
    write!(f, "{name}(")?;
    for (i, text) in texts.iter().enumerate() {
        write!(f, "{}{:?}", if i > 0 { ", " } else { "" }, text.as_ref())?;
    }
    f.write_str(")")
}

fn join<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    separator: &str,
) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        write!(f, "{}{item}", if i > 0 { separator } else { "" })?;
    }
    Ok(())
}
