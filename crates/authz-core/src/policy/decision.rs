use super::{Facts, Policy, Rule};

/// What a policy said about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Whether the token satisfies the policy.
    pub allowed: bool,
    /// The scopes that a token needs for the policy, those it has included: the cheapest
    /// alternative where there are several. Empty where scopes alone can't do it.
    pub scopes: Vec<String>,
}

impl Policy {
    /// The decision with what it takes to change it. [`allows`](Self::allows) decides the same and
    /// costs less.
    pub(crate) fn decide(&self, facts: Facts<'_>) -> Decision {
        let allowed = self.allows(facts);
        let scopes = self.cheapest(facts).map_or_else(Vec::new, |way| {
            way.scopes.into_iter().map(str::to_owned).collect()
        });
        Decision { allowed, scopes }
    }

    /// The scopes with which the policy would be met, with the fewest that are missing yet.
    fn cheapest(&self, facts: Facts<'_>) -> Option<Way<'_>> {
        match &self.0 {
            Rule::AnyValidToken => Some(Way::default()),
            Rule::Scope(scope) => Some(Way {
                missing: usize::from(!facts.scopes.contains(scope.as_str())),
                scopes: vec![scope.as_str()],
            }),
            // No scope gives a permission.
            Rule::Permission(name) => facts.permissions.contains(name).then(Way::default),
            Rule::All(all) => all.iter().try_fold(Way::default(), |mut way, policy| {
                let more = policy.cheapest(facts)?;
                for scope in more.scopes {
                    if !way.scopes.contains(&scope) {
                        way.scopes.push(scope);
                        way.missing += usize::from(!facts.scopes.contains(scope));
                    }
                }
                Some(way)
            }),
            Rule::Any(any) => any
                .iter()
                .filter_map(|policy| policy.cheapest(facts))
                .min_by_key(|way| (way.missing, way.scopes.len())),
        }
    }
}

#[derive(Default)]
struct Way<'a> {
    scopes: Vec<&'a str>,
    missing: usize,
}

#[cfg(test)]
mod tests {
    use crate::policy::{
        Facts, Policy, Scopes, all_scopes, any_scope, any_valid_token, permission, scope,
    };

    #[test]
    fn decides_and_names_the_cheapest_way() {
        for (policy, scopes, permissions, allowed, needed) in [
            (any_valid_token(), "", "", true, &[][..]),
            (scope("a"), "a", "", true, &["a"]),
            (scope("a"), "b", "a", false, &["a"]),
            (all_scopes(["a", "b"]), "a", "", false, &["a", "b"]),
            (all_scopes(["a", "b"]), "b a", "", true, &["a", "b"]),
            (any_scope(["a", "b"]), "", "", false, &["a"]),
            (any_scope(["a", "b"]), "b", "", true, &["b"]),
            (permission("p"), "p", "", false, &[]),
            (permission("p"), "", "p", true, &[]),
            (permission("p").or(scope("a")), "", "", false, &["a"]),
            (permission("p").and(scope("a")), "a", "", false, &[]),
            (permission("p").and(scope("a")), "", "p", false, &["a"]),
            (
                all_scopes(["a", "b", "c"]).or(all_scopes(["d", "e"])),
                "a b",
                "",
                false,
                &["a", "b", "c"],
            ),
            (
                all_scopes(["a", "b", "c"]).or(all_scopes(["d", "e"])),
                "",
                "",
                false,
                &["d", "e"],
            ),
            (
                scope("a").and(all_scopes(["a", "b"])),
                "",
                "",
                false,
                &["a", "b"],
            ),
        ] {
            let decision = decide(&policy, scopes, permissions);
            assert_eq!(
                (decision.0, decision.1.as_slice()),
                (
                    allowed,
                    &*needed.iter().map(ToString::to_string).collect::<Vec<_>>()
                ),
                "{policy}"
            );
        }
    }

    fn decide(policy: &Policy, scopes: &str, permissions: &str) -> (bool, Vec<String>) {
        let decision = policy.decide(Facts {
            scopes: &Scopes::collect(&[scopes].into_iter()),
            permissions: &Scopes::collect(&[permissions].into_iter()),
        });
        (decision.allowed, decision.scopes)
    }
}
