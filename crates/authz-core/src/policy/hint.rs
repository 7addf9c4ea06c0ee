//! The usual causes of an unmet policy, told to the operator. They decide nothing.

use std::slice;

use serde_json::Value;

use super::{ClaimPath, Facts, Policy, Requirement, Verdict, attribute::Source};

/// Of so many scopes that are missing the claims are searched.
const MOST: usize = 8;

impl Policy {
    /// Why the token may not have what the policy asks for, and what to do about it. `scopes` would do.
    pub(crate) fn hint(&self, scopes: &[String], facts: &Facts<'_>) -> Option<String> {
        self.kept_elsewhere(facts).or_else(|| {
            let missing = (scopes.iter()).filter(|it| !facts.scopes.contains(it));
            missing
                .take(MOST)
                .find_map(|scope| in_another_claim(scope, facts))
        })
    }

    /// A claim that the policy asks for is in no token of this user.
    fn kept_elsewhere(&self, facts: &Facts<'_>) -> Option<String> {
        if !facts.names_elsewhere {
            return None;
        }
        let mut claims = Vec::new();
        self.claims(facts, &mut claims);
        let claim = claims.into_iter().find(|it| facts.is_elsewhere(it))?;
        Some(if claim == "groups" {
            "the user is in too many groups for a token (`_claim_names` or `hasgroups`: Entra ID's overage), so nothing can be said about them: use app roles, or set the groups claim to \"Groups assigned to the application\" (ApplicationGroup)".to_owned()
        } else {
            format!(
                "the issuer keeps the claim {claim:?} elsewhere (`_claim_names`), so nothing can be said about it: have it put into the token"
            )
        })
    }

    /// The top-level claims that the policy looks at.
    fn claims<'p>(&'p self, facts: &Facts<'p>, into: &mut Vec<&'p str>) {
        let paths = |paths: &'p [ClaimPath]| paths.iter().map(ClaimPath::claim);
        match &self.0 {
            Requirement::Scope(_) => into.extend(facts.scope_claims.iter().map(|it| it.name())),
            Requirement::Permission(_) => into.push("permissions"),
            Requirement::Role(_) => into.extend(paths(facts.roles)),
            Requirement::Group(_) => into.extend(paths(facts.groups)),
            Requirement::Client(_) => into.extend(["client_id", "azp"]),
            Requirement::Acr(_) => into.push("acr"),
            Requirement::Amr(_) => into.push("amr"),
            Requirement::MaxAge(_) => into.push("auth_time"),
            Requirement::Compare(comparison) => {
                into.extend(comparison.attributes().filter_map(|it| match &it.0 {
                    Source::Claim(path) => Some(path.claim()),
                    _ => None,
                }));
            }
            Requirement::Not(policy) => policy.claims(facts, into),
            Requirement::All(policies) | Requirement::Any(policies) => {
                policies.iter().for_each(|it| it.claims(facts, into));
            }
            Requirement::AnyValidToken
            | Requirement::Deny
            | Requirement::Issuer(_)
            | Requirement::Method(_)
            | Requirement::Custom(_) => {}
        }
    }
}

/// The token has `scope`, but where it is not read as one.
fn in_another_claim(scope: &str, facts: &Facts<'_>) -> Option<String> {
    if facts.permissions.contains(scope) {
        return Some(format!(
            "the token has {scope:?} in `permissions`, not among its scopes: ask for permission({scope:?}), or name `permissions` in `scopes_from`"
        ));
    }
    for claim in facts.scope_claims.iter().map(|it| it.name()) {
        let several = |it: &Value| {
            let several = it.as_str().filter(|it| it.contains(' '));
            several.is_some_and(|it| it.split(' ').any(|name| name == scope))
        };
        if let Some(Value::Array(elements)) = facts.claim(claim)
            && elements.iter().any(several)
        {
            return Some(format!(
                "an element of the array `{claim}` holds several scopes, {scope:?} among them, where each has to be one: have the issuer send one scope in each element, or all in one string"
            ));
        }
    }
    let usual = ["roles", "realm_access.roles"].map(str::parse::<ClaimPath>);
    let usual: Vec<_> = usual.into_iter().flatten().collect();
    let has = |path: &&ClaimPath| facts.named_in(slice::from_ref(path), scope) == Verdict::Met;
    let path = facts.roles.iter().chain(&usual).find(has)?;
    Some(if facts.roles.contains(path) {
        format!(
            "the token has {scope:?} in `{path}`, which holds its roles, not among its scopes: ask for role({scope:?})"
        )
    } else {
        format!(
            "the token has {scope:?} in `{path}`, not among its scopes: ask for role({scope:?}), and name `{path}` in `roles_from`"
        )
    })
}
