//! The usual causes of an unmet policy, for the operator. A hint does not decide anything.

use std::slice;

use serde_json::Value;

use crate::policy::{
    claim_path::ClaimPath,
    eval::{AUTHORIZATION_DETAILS, EvalContext, Verdict, has_name},
    model::{Policy, Requirement, Source},
};

/// How many missing scopes are searched for in other claims.
const MAX_SEARCHED: usize = 8;

impl Policy {
    /// Why the token may lack what the policy requires, and how to fix it. `scopes` are those to ask for.
    pub(crate) fn hint(&self, scopes: &[String], context: &EvalContext<'_>) -> Option<String> {
        self.kept_elsewhere(context).or_else(|| {
            let missing = (scopes.iter()).filter(|it| !context.scopes.contains(it));
            missing
                .take(MAX_SEARCHED)
                .find_map(|scope| in_another_claim(scope, context))
        })
    }

    /// The issuer keeps a claim that the policy needs elsewhere.
    fn kept_elsewhere(&self, context: &EvalContext<'_>) -> Option<String> {
        if !context.names_elsewhere {
            return None;
        }
        let mut claims = self.requirements().flat_map(|it| claims(it, context));
        let claim = claims.find(|it| context.is_elsewhere(it))?;
        Some(if claim == "groups" {
            "the user is in too many groups for a token (`_claim_names` or `hasgroups`: Entra ID's overage), so nothing can be said about them: use app roles, or set the groups claim to \"Groups assigned to the application\" (ApplicationGroup)".to_owned()
        } else {
            format!(
                "the issuer keeps the claim {claim:?} elsewhere (`_claim_names`), so nothing can be said about it: have it put into the token"
            )
        })
    }
}

/// The top-level claims that a requirement looks at.
fn claims<'a>(requirement: &'a Requirement, context: &EvalContext<'a>) -> Vec<&'a str> {
    let paths = |paths: &'a [ClaimPath]| paths.iter().map(ClaimPath::claim).collect();
    match requirement {
        Requirement::Scope(_) => context.settings.scopes.iter().map(|it| it.name()).collect(),
        Requirement::Permission(_) => vec!["permissions"],
        Requirement::Role(_) => paths(&context.settings.roles),
        Requirement::Group(_) => paths(&context.settings.groups),
        Requirement::Client(_) => vec!["client_id", "azp"],
        Requirement::Acr(_) => vec!["acr"],
        Requirement::Amr(_) => vec!["amr"],
        Requirement::MaxAge(_) => vec!["auth_time"],
        Requirement::Detail(_) => vec![AUTHORIZATION_DETAILS],
        Requirement::Compare(comparison) => {
            let claims = comparison.attributes().filter_map(|it| match &it.0 {
                Source::Claim(path) => Some(path.claim()),
                _ => None,
            });
            claims.collect()
        }
        _ => Vec::new(),
    }
}

/// The token has `scope`, but in a claim that is not read as scopes.
fn in_another_claim(scope: &str, context: &EvalContext<'_>) -> Option<String> {
    if context.permissions.contains(scope) {
        return Some(format!(
            "the token has {scope:?} in `permissions`, not among its scopes: ask for permission({scope:?}), or name `permissions` in `scopes_from`"
        ));
    }
    for claim in context.settings.scopes.iter().map(|it| it.name()) {
        let has_several = |element: &Value| {
            let list = element.as_str().filter(|it| it.contains(' '));
            list.is_some_and(|it| it.split(' ').any(|name| name == scope))
        };
        if let Some(Value::Array(elements)) = context.claim(claim)
            && elements.iter().any(has_several)
        {
            return Some(format!(
                "an element of the array `{claim}` holds several scopes, {scope:?} among them, but each must be one: have the issuer send one scope in each element, or all in one string"
            ));
        }
    }
    let usual = ["roles", "realm_access.roles"].map(str::parse::<ClaimPath>);
    let usual: Vec<_> = usual.into_iter().flatten().collect();
    let has = |path: &&ClaimPath| has_name(scope, slice::from_ref(path), context) == Verdict::Met;
    let path = context.settings.roles.iter().chain(&usual).find(has)?;
    Some(if context.settings.roles.contains(path) {
        format!(
            "the token has {scope:?} in `{path}`, which holds its roles, not among its scopes: ask for role({scope:?})"
        )
    } else {
        format!(
            "the token has {scope:?} in `{path}`, not among its scopes: ask for role({scope:?}), and name `{path}` in `roles_from`"
        )
    })
}
