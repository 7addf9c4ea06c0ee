//! Which scopes a caller without a token should ask for.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use http::Method;

use super::{Policy, Requirement};

impl Policy {
    /// The scopes that a token for a request by `method` needs, in the order of the policy. Where
    /// there are several ways, the one with the fewest scopes; empty where no scope is needed, or no
    /// scope helps.
    pub(crate) fn wanted_scopes(&self, method: &Method) -> Vec<&str> {
        wanted(self, method).unwrap_or_default()
    }
}

/// `None` where no token can meet the policy.
fn wanted<'p>(policy: &'p Policy, method: &Method) -> Option<Vec<&'p str>> {
    match &policy.0 {
        Requirement::Deny => None,
        Requirement::Scope(scope) => Some(vec![scope.as_str()]),
        Requirement::Method(methods) => {
            let as_get = *method == Method::HEAD && methods.contains(&Method::GET);
            (as_get || methods.contains(method)).then(Vec::new)
        }
        Requirement::All(all) => {
            let mut scopes = Vec::new();
            let mut seen = HashSet::<_, RandomState>::default();
            for part in all.iter() {
                let wanted = wanted(part, method)?.into_iter();
                scopes.extend(wanted.filter(|scope| seen.insert(*scope)));
            }
            Some(scopes)
        }
        Requirement::Any(any) => {
            if any.iter().any(|part| part.0 == Requirement::AnyValidToken) {
                return Some(Vec::new());
            }
            let ways = any.iter().filter_map(|part| wanted(part, method));
            // A client can ask for scopes. Roles and the like are given, not asked for.
            let cost = |way: &Vec<_>| match way.len() {
                0 => usize::MAX,
                scopes => scopes,
            };
            ways.min_by_key(cost)
        }
        // Whether it is met shows with the token.
        _ => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_way_is_asked_for() {
        for (policy, scopes) in [
            ("any_valid_token", ""),
            ("deny", ""),
            ("scope(\"a\")", "a"),
            ("scope(\"a\") and scope(\"b\") and scope(\"a\")", "a b"),
            ("(scope(\"a\") and scope(\"b\")) or scope(\"c\")", "c"),
            ("scope(\"a\") or any_valid_token", ""),
            ("scope(\"a\") or role(\"admin\")", "a"),
            (
                "scope(\"a\") and (claim(\"org\") == path(\"org\") or role(\"admin\"))",
                "a",
            ),
            ("deny or (scope(\"b\") and scope(\"a\"))", "b a"),
            ("not scope(\"a\")", ""),
            (
                "(method(\"POST\") and scope(\"w\")) or (method(\"GET\") and scope(\"r\"))",
                "r",
            ),
        ] {
            let parsed: Policy = policy.parse().unwrap();
            assert_eq!(
                parsed.wanted_scopes(&Method::GET).join(" "),
                scopes,
                "{policy}"
            );
        }
    }
}
