//! The parts that policies are made of, however they were built, and the questions about their form.

use std::{iter, slice, sync::Arc};

use http::{HeaderName, Method};
use smallvec::{SmallVec, smallvec};

use super::{claim_path::ClaimPath, scope::Scope};
use crate::claims::Claims;

/// The requirements of an endpoint on a valid token. Built once, evaluated for every request.
///
/// Combine policies with [`and`](Self::and), [`or`](Self::or) and `!`, or with the operators `&` and `|`.
#[derive(Clone, PartialEq, Eq)]
pub struct Policy(pub(crate) Requirement);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Requirement {
    AnyValidToken,
    Deny,
    Scope(Scope),
    Permission(Box<str>),
    Role(Box<str>),
    Group(Box<str>),
    Client(Box<[Box<str>]>),
    Issuer(Box<[Box<str>]>),
    Acr(Box<[Box<str>]>),
    Amr(Box<str>),
    /// Seconds.
    MaxAge(u64),
    Method(Box<[Method]>),
    Compare(Box<Comparison>),
    Custom(Predicate),
    Detail(Box<Detail>),
    Not(Box<Policy>),
    /// At least two, none of which is `All` itself.
    All(Box<[Policy]>),
    /// At least two, none of which is `Any` itself.
    Any(Box<[Policy]>),
}

/// A requirement on one element of `authorization_details` (RFC 9396).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Detail {
    /// The `type` of the element.
    pub(crate) kind: Box<str>,
    /// Comparisons only, and groups of them.
    pub(crate) policy: Policy,
}

/// A requirement on one attribute.
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
    /// For claims and members only. Never empty.
    StartsWith(Box<str>),
    Relation(Relation, Operand),
}

/// How a number compares to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A value from the token or the request: the left side of a comparison.
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
    /// Of the element that [`Detail`] is about.
    Member(ClaimPath),
    Path(Box<str>),
    Header(HeaderName),
    Query(Box<str>),
}

/// The right side of a comparison: a string, an integer, a boolean or an [`Attribute`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand(pub(crate) Value);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Box<str>),
    Integer(i64),
    /// A limit that no `i64` is.
    Decimal(Box<str>),
    Bool(bool),
    Attribute(Attribute),
}

/// A named condition in the application's code.
#[derive(Clone)]
pub(crate) struct Predicate {
    pub(crate) name: Box<str>,
    pub(crate) check: Arc<dyn Fn(&Claims) -> bool + Send + Sync>,
}

impl Policy {
    /// Returns `true` if any part of the policy is about the request. Such a part can't be met without one.
    #[must_use]
    pub fn depends_on_request(&self) -> bool {
        let is_method = |it: &Requirement| matches!(it, Requirement::Method(_));
        self.requirements().any(is_method)
            || (self.attributes()).any(|it| !matches!(it.0, Source::Claim(_) | Source::Member(_)))
    }

    pub(crate) fn reads_query(&self) -> bool {
        (self.attributes()).any(|it| matches!(it.0, Source::Query(_)))
    }

    /// The names of the path parameters in the policy.
    pub(crate) fn path_params(&self) -> Vec<&str> {
        let names = self.attributes().filter_map(|it| match &it.0 {
            Source::Path(name) => Some(&**name),
            _ => None,
        });
        names.collect()
    }

    /// The number of single requirements. Recursive, so that it never allocates.
    pub(crate) fn size(&self) -> usize {
        match &self.0 {
            Requirement::Not(policy) => policy.size(),
            Requirement::Detail(detail) => 1 + detail.policy.size(),
            Requirement::All(parts) | Requirement::Any(parts) => parts.iter().map(Self::size).sum(),
            _ => 1,
        }
    }

    /// The single requirements, without groups and negations, in the order of the text. After a detail come its
    /// own.
    pub(crate) fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        let mut stack: SmallVec<[_; 4]> = smallvec![slice::from_ref(self).iter()];
        iter::from_fn(move || {
            loop {
                match stack.last_mut()?.next().map(|policy| &policy.0) {
                    None => drop(stack.pop()),
                    Some(Requirement::Not(policy)) => stack.push(slice::from_ref(&**policy).iter()),
                    Some(Requirement::All(parts) | Requirement::Any(parts)) => {
                        stack.push(parts.iter());
                    }
                    Some(requirement) => {
                        if let Requirement::Detail(detail) = requirement {
                            stack.push(slice::from_ref(&detail.policy).iter());
                        }
                        return Some(requirement);
                    }
                }
            }
        })
    }

    fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        let comparisons = self.requirements().filter_map(|it| match it {
            Requirement::Compare(comparison) => Some(&**comparison),
            _ => None,
        });
        comparisons.flat_map(Comparison::attributes)
    }
}

impl Comparison {
    /// The attributes in the order of the text.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        let right = match &self.operator {
            Operator::Exists | Operator::StartsWith(_) => &[][..],
            Operator::Equals(it)
            | Operator::Differs(it)
            | Operator::Contains(it)
            | Operator::Relation(_, it) => slice::from_ref(it),
            Operator::OneOf(all) => all,
        };
        let right = right.iter().filter_map(|operand| match &operand.0 {
            Value::Attribute(attribute) => Some(attribute),
            _ => None,
        });
        iter::once(&self.left).chain(right)
    }
}

/// Returns `true` if `methods` include `method`. HEAD counts as GET.
pub(crate) fn include_method(methods: &[Method], method: &Method) -> bool {
    methods.contains(method) || *method == Method::HEAD && methods.contains(&Method::GET)
}

impl Relation {
    pub(crate) const ALL: [Self; 4] = [Self::AtMost, Self::AtLeast, Self::Below, Self::Above];

    /// A sign that begins with another one comes first in [`ALL`](Self::ALL).
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Predicate {}
