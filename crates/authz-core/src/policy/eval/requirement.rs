//! Whether a policy is met, requirement by requirement.

use serde_json::Value;

use super::{
    context::{ClaimLookup, EvalContext},
    value::{ValueRef, may_be_a_list},
    verdict::Verdict,
};
use crate::{
    claims::ScopeClaim,
    policy::{
        claim_path::ClaimPath,
        model::{Policy, Requirement, include_method},
        scope::Scopes,
    },
};

impl Policy {
    pub(crate) fn allows(&self, context: &EvalContext<'_>) -> bool {
        self.verdict(context) == Verdict::Met
    }

    pub(crate) fn verdict(&self, context: &EvalContext<'_>) -> Verdict {
        self.verdict_by(&|requirement| requirement.verdict(context))
    }

    /// The verdict, with `single` as the verdict of each single requirement.
    pub(crate) fn verdict_by(&self, single: &impl Fn(&Requirement) -> Verdict) -> Verdict {
        match &self.0 {
            Requirement::Not(policy) => policy.verdict_by(single).not(),
            Requirement::All(all) => Verdict::all(all.iter().map(|it| it.verdict_by(single))),
            Requirement::Any(any) => Verdict::any(any.iter().map(|it| it.verdict_by(single))),
            requirement => single(requirement),
        }
    }
}

impl Requirement {
    /// The verdict on a single requirement. [`Policy::verdict_by`] evaluates groups and negations.
    pub(crate) fn verdict(&self, context: &EvalContext<'_>) -> Verdict {
        match self {
            Self::AnyValidToken => Verdict::Met,
            Self::Deny => Verdict::NotMet,
            Self::Scope(scope) => has_scope(scope.as_str(), context),
            Self::Permission(name) => has_permission(name, context),
            Self::Role(name) => has_name(name, &context.settings.roles, context),
            Self::Group(name) => has_name(name, &context.settings.groups, context),
            Self::Client(ids) => is_one_of(context.client(), ids),
            Self::Issuer(ids) => is_one_of(Some(context.issuer), ids),
            Self::Acr(classes) => {
                let acr = context.claim("acr").and_then(Value::as_str);
                match is_one_of(acr, classes) {
                    Verdict::NotMet if acr.is_some_and(may_be_a_list) => Verdict::Unknown,
                    verdict => verdict,
                }
            }
            Self::Amr(method) => match context.claim("amr") {
                Some(methods) => ValueRef::Claim(methods).contains(&ValueRef::Text(method)),
                None => Verdict::Unknown,
            },
            Self::MaxAge(seconds) => {
                let max_age = seconds.saturating_add(context.leeway);
                Verdict::of(context.authentication_age().map(|age| age <= max_age))
            }
            Self::Method(methods) => {
                let method = context.request.map(|it| it.method);
                Verdict::of(method.map(|method| include_method(methods, method)))
            }
            Self::Compare(comparison) => comparison.verdict(context),
            Self::Detail(detail) => detail.verdict(context),
            Self::Custom(predicate) => {
                Verdict::of(context.claims().map(|claims| (predicate.check)(claims)))
            }
            Self::Not(_) | Self::All(_) | Self::Any(_) => Verdict::Unknown,
        }
    }
}

fn has_scope(name: &str, context: &EvalContext<'_>) -> Verdict {
    if context.scopes_elsewhere() {
        return Verdict::Unknown;
    }
    let is_unreadable = || {
        context.permissions_unreadable && context.settings.scopes.contains(&ScopeClaim::Permissions)
    };
    match context.scopes.contains(name) {
        true => Verdict::Met,
        false if is_unreadable() => Verdict::Unknown,
        false => Verdict::NotMet,
    }
}

fn has_permission(name: &str, context: &EvalContext<'_>) -> Verdict {
    if context.permissions_unreadable || context.is_elsewhere("permissions") {
        return Verdict::Unknown;
    }
    // Invalid names are not stored, so whether the token had this one is not known.
    if !Scopes::is_permission(name) && context.claim("permissions").is_some() {
        return Verdict::Unknown;
    }
    Verdict::from(context.permissions.contains(name))
}

/// Whether one of the claims at `paths` contains `name`. A token without these claims has no such name.
pub(crate) fn has_name(name: &str, paths: &[ClaimPath], context: &EvalContext<'_>) -> Verdict {
    Verdict::any(paths.iter().map(|path| match context.find(path) {
        // One name, unless it looks like a list, whose separator is not known.
        ClaimLookup::Found(Value::String(text)) if may_be_a_list(text) => Verdict::Unknown,
        ClaimLookup::Found(value) => ValueRef::Claim(value).contains(&ValueRef::Text(name)),
        ClaimLookup::Absent => Verdict::NotMet,
        _ => Verdict::Unknown,
    }))
}

fn is_one_of(value: Option<&str>, accepted: &[Box<str>]) -> Verdict {
    Verdict::of(value.map(|value| accepted.iter().any(|it| **it == *value)))
}
