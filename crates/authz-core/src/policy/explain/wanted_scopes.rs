//! The scopes that a caller without a token should ask for.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use http::Method;

use crate::policy::model::{Policy, Requirement, include_method};

impl Policy {
    /// The scopes that a request by `method` needs, in the order of the policy. Of several alternatives, the
    /// one with the fewest scopes. Empty if no scope is needed or none helps.
    pub(crate) fn wanted_scopes(&self, method: &Method) -> Vec<&str> {
        wanted(self, method).unwrap_or_default()
    }
}

/// Returns `None` if no token can meet the policy.
fn wanted<'p>(policy: &'p Policy, method: &Method) -> Option<Vec<&'p str>> {
    match &policy.0 {
        Requirement::Deny => None,
        Requirement::Scope(scope) => Some(vec![scope.as_str()]),
        Requirement::Method(methods) => include_method(methods, method).then(Vec::new),
        Requirement::All(all) => {
            let mut scopes = Vec::new();
            let mut seen = HashSet::<_, RandomState>::default();
            for part in all {
                let wanted = wanted(part, method)?.into_iter();
                scopes.extend(wanted.filter(|scope| seen.insert(*scope)));
            }
            Some(scopes)
        }
        Requirement::Any(any) => {
            if any.iter().any(|part| part.0 == Requirement::AnyValidToken) {
                return Some(Vec::new());
            }
            let alternatives = any.iter().filter_map(|part| wanted(part, method));
            // A client can ask for scopes, but not for roles and the like.
            alternatives.min_by_key(|scopes| match scopes.len() {
                0 => usize::MAX,
                count => count,
            })
        }
        // Only a token can tell.
        _ => Some(Vec::new()),
    }
}
