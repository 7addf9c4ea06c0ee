//! What an endpoint asks of a token that is good.
//!
//! Policies are built in code, or parsed from text when the program starts, and evaluated for
//! every request. Both forms say the same, and each prints as the text:
//!
//! ```
//! use authz_core::policy::{Policy, claim, path, role, scope};
//!
//! let built = scope("read:messages") & (role("admin") | claim("org_id").equals(path("org")));
//! let text = r#"scope("read:messages") and (role("admin") or claim("org_id") == path("org"))"#;
//! assert_eq!(built, text.parse::<Policy>()?);
//! assert_eq!(built.to_string(), text);
//! # Ok::<(), authz_core::policy::PolicyError>(())
//! ```
//!
//! A requirement is met, not met, or it can't be said, because a value is missing or of the wrong
//! type: see [`Verdict`]. Only what is met lets a request pass, also under `not`.

mod attribute;
mod claim_path;
mod comparison;
mod decision;
mod facts;
mod found;
mod hint;
mod implied;
mod predicate;
mod print;
mod remedy;
mod required;
mod requirement;
mod scope;
mod text;
mod verdict;
mod wanted;

use std::ops::{BitAnd, BitOr, Not};

use http::Method;

use self::comparison::{Comparison, Operator};
#[cfg(feature = "rules")]
pub(crate) use self::text::parse_method;
pub use self::{
    attribute::{Attribute, Operand, claim, header, path, query},
    claim_path::{ClaimPath, InvalidClaimPath},
    decision::{Decision, Finding, StepUp},
    predicate::Predicates,
    required::RequiredScope,
    requirement::{
        acr, all_scopes, amr, any_scope, any_valid_token, client, custom, deny, group, issuer,
        max_age, method, permission, role, scope,
    },
    scope::{InvalidScope, Scope, Scopes},
    text::PolicyError,
    verdict::Verdict,
};
pub(crate) use self::{
    facts::{ClaimsSource, Facts, LazyClaims},
    implied::{BadImplication, Implied},
    predicate::Predicate,
    scope::{Names, OFFLINE_ACCESS},
};

/// What an endpoint asks of a token that is good: built once, evaluated for every request.
///
/// Combined with [`and`](Self::and), [`or`](Self::or) and `!`, or with the operators `&` and `|`.
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
    Not(Box<Policy>),
    /// At least two, none of which is `All` itself.
    All(Box<[Policy]>),
    /// At least two, none of which is `Any` itself.
    Any(Box<[Policy]>),
}

impl Policy {
    /// All of `policies`, for a list known at run time. An empty list allows nobody: it is more often a
    /// setting that is missing than a wish.
    #[must_use]
    pub fn all_of(policies: impl IntoIterator<Item = Self>) -> Self {
        Self::of_some(policies, Self::all)
    }

    /// One of `policies` at least, for a list known at run time. An empty list allows nobody.
    ///
    /// ```
    /// use authz_core::{Policy, scope};
    ///
    /// let scopes = vec!["read:messages".to_owned(), "admin".to_owned()];
    /// let policy = Policy::any_of(scopes.iter().map(|name| scope(name)));
    /// assert_eq!(policy.to_string(), r#"scope("read:messages") or scope("admin")"#);
    /// assert_eq!(Policy::any_of([]).to_string(), "deny");
    /// ```
    #[must_use]
    pub fn any_of(policies: impl IntoIterator<Item = Self>) -> Self {
        Self::of_some(policies, Self::any)
    }

    fn of_some(policies: impl IntoIterator<Item = Self>, group: fn(Vec<Self>) -> Self) -> Self {
        let policies: Vec<_> = policies.into_iter().collect();
        match policies.is_empty() {
            true => deny(),
            false => group(policies),
        }
    }

    /// Both policies.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all([self, other])
    }

    /// One of the two policies, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// Whether the policy, or part of it, is about the request: it can't be met without one.
    #[must_use]
    pub fn depends_on_request(&self) -> bool {
        match &self.0 {
            Requirement::Method(_) => true,
            Requirement::Compare(comparison) => comparison.depends_on_request(),
            Requirement::Not(policy) => policy.depends_on_request(),
            Requirement::All(policies) | Requirement::Any(policies) => {
                policies.iter().any(Self::depends_on_request)
            }
            _ => false,
        }
    }

    /// How many single requirements there are.
    fn requirements(&self) -> usize {
        match &self.0 {
            Requirement::Not(policy) => policy.requirements(),
            Requirement::All(policies) | Requirement::Any(policies) => {
                policies.iter().map(Self::requirements).sum()
            }
            _ => 1,
        }
    }

    /// Whether the policy, or part of it, is about the query.
    pub(crate) fn reads_query(&self) -> bool {
        match &self.0 {
            Requirement::Compare(comparison) => comparison.reads_query(),
            Requirement::Not(policy) => policy.reads_query(),
            Requirement::All(policies) | Requirement::Any(policies) => {
                policies.iter().any(Self::reads_query)
            }
            _ => false,
        }
    }

    /// The names of the path parameters that the policy asks for.
    pub(crate) fn path_params(&self) -> Vec<&str> {
        match &self.0 {
            Requirement::Compare(comparison) => comparison.path_params().collect(),
            Requirement::Not(policy) => policy.path_params(),
            Requirement::All(policies) | Requirement::Any(policies) => {
                policies.iter().flat_map(Self::path_params).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn all(policies: impl IntoIterator<Item = Self>) -> Self {
        Self::flat(policies, Requirement::All, |rule| match rule {
            Requirement::All(inner) => Ok(inner),
            other => Err(other),
        })
    }

    pub(crate) fn any(policies: impl IntoIterator<Item = Self>) -> Self {
        Self::flat(policies, Requirement::Any, |rule| match rule {
            Requirement::Any(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// Does away with groups inside groups of the same kind, so that there is one way to write each.
    fn flat(
        policies: impl IntoIterator<Item = Self>,
        group: fn(Box<[Self]>) -> Requirement,
        ungroup: fn(Requirement) -> Result<Box<[Self]>, Requirement>,
    ) -> Self {
        let mut flat = Vec::new();
        for policy in policies {
            match ungroup(policy.0) {
                Ok(inner) => flat.extend(inner.into_vec()),
                Err(rule) => flat.push(Self(rule)),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            _ => Self(group(flat.into())),
        }
    }

    pub(crate) fn allows(&self, facts: &Facts<'_>) -> bool {
        self.verdict(facts) == Verdict::Met
    }

    pub(crate) fn verdict(&self, facts: &Facts<'_>) -> Verdict {
        self.verdict_by(&|rule| rule.verdict(facts))
    }

    /// The verdict, where `leaf` says what each single requirement's is.
    pub(crate) fn verdict_by(&self, leaf: &impl Fn(&Requirement) -> Verdict) -> Verdict {
        match &self.0 {
            Requirement::Not(policy) => policy.verdict_by(leaf).not(),
            Requirement::All(all) => Verdict::all(all.iter().map(|policy| policy.verdict_by(leaf))),
            Requirement::Any(any) => Verdict::any(any.iter().map(|policy| policy.verdict_by(leaf))),
            rule => leaf(rule),
        }
    }
}

impl Requirement {
    /// The verdict about a single requirement. Groups of them are [`Policy::verdict_by`]'s.
    pub(crate) fn verdict(&self, facts: &Facts<'_>) -> Verdict {
        match self {
            Self::AnyValidToken => Verdict::Met,
            Self::Deny => Verdict::NotMet,
            Self::Scope(scope) => facts.scope(scope.as_str()),
            Self::Permission(name) => facts.permission(name),
            Self::Role(name) => facts.named_in(facts.roles, name),
            Self::Group(name) => facts.named_in(facts.groups, name),
            Self::Client(ids) => Facts::among(facts.client(), ids),
            Self::Issuer(ids) => Facts::among(Some(facts.issuer), ids),
            Self::Acr(classes) => facts.claim_among("acr", classes),
            Self::Amr(method) => facts.claim_contains("amr", method),
            Self::MaxAge(seconds) => facts.authenticated_within(*seconds),
            Self::Method(methods) => facts.request.map_or(Verdict::Unknown, |request| {
                let as_get = request.method == Method::HEAD && methods.contains(&Method::GET);
                Verdict::from(as_get || methods.contains(request.method))
            }),
            Self::Compare(comparison) => comparison.verdict(facts),
            Self::Custom(predicate) => match facts.claims() {
                Some(claims) => Verdict::from(predicate.holds(claims)),
                None => Verdict::Unknown,
            },
            Self::Not(_) | Self::All(_) | Self::Any(_) => Verdict::Unknown,
        }
    }
}

impl BitAnd for Policy {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl BitOr for Policy {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl Not for Policy {
    type Output = Self;

    fn not(self) -> Self {
        Self(Requirement::Not(Box::new(self)))
    }
}
