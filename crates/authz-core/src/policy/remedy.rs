//! What a caller would have to bring for the policy to be met.

use std::collections::BTreeSet;

use super::{Facts, Policy, Rule, StepUp, Verdict};

/// The cheapest thing to ask a caller for: scopes, a stronger or newer authentication, or both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// All scopes that the way needs, those that the token has included.
    pub(crate) scopes: Vec<String>,
    /// What the authentication lacks; `None` where it is strong enough.
    pub(crate) step_up: Option<StepUp>,
}

/// `None` where nothing that a caller can ask its issuer for would help.
pub(crate) fn remedy(policy: &Policy, facts: &Facts<'_>) -> Option<Remedy> {
    let ways = ways(policy, true, facts);
    let way = ways.into_iter().find(|way| way.leads_to(policy, facts))?;
    Some(Remedy {
        step_up: (way.weak > 0).then(|| StepUp {
            acr_values: way
                .acr
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            max_age: way.max_age,
        }),
        scopes: way.scopes.into_iter().map(str::to_owned).collect(),
    })
}

#[derive(Clone, Debug, Default)]
struct Way<'a> {
    scopes: Vec<&'a str>,
    /// Scopes that the token does not have.
    missing: usize,
    /// One of these, in this order of preference.
    acr: Option<Vec<&'a str>>,
    max_age: Option<u64>,
    /// Requirements about the authentication that the token does not meet.
    weak: usize,
}

/// How many alternatives are kept on the way: the best. A refusal must not cost more than the
/// request is worth, and no policy that a person can read has more.
const MOST: usize = 32;

/// The ways to get `policy` met, or not met where that is `wanted`: the cheapest first.
fn ways<'a>(policy: &'a Policy, wanted: bool, facts: &Facts<'_>) -> Vec<Way<'a>> {
    let mut found = match (&policy.0, wanted) {
        (Rule::Not(policy), _) => return ways(policy, !wanted, facts),
        (Rule::All(policies), true) | (Rule::Any(policies), false) => {
            let mut together = vec![Way::default()];
            for policy in policies.iter() {
                let more = ways(policy, wanted, facts);
                together = (together.iter())
                    .flat_map(|way| more.iter().filter_map(|more| way.and(more, facts)))
                    .collect();
                best(&mut together);
            }
            together
        }
        (Rule::Any(policies), true) | (Rule::All(policies), false) => policies
            .iter()
            .flat_map(|policy| ways(policy, wanted, facts))
            .collect(),
        (rule, wanted) => Way::about(rule, wanted, facts).into_iter().collect(),
    };
    best(&mut found);
    found
}

fn best(ways: &mut Vec<Way<'_>>) {
    // Another login is more than another scope.
    ways.sort_by_key(|way| (way.weak, way.missing, way.scopes.len()));
    ways.truncate(MOST);
}

impl<'a> Way<'a> {
    fn about(rule: &'a Rule, wanted: bool, facts: &Facts<'_>) -> Option<Self> {
        let verdict = rule.verdict(facts);
        let weak = usize::from(verdict != Verdict::Met);
        match rule {
            Rule::Scope(scope) if wanted => Some(Self {
                scopes: vec![scope.as_str()],
                missing: usize::from(!facts.scopes.contains(scope.as_str())),
                ..Self::default()
            }),
            Rule::Acr(classes) if wanted => Some(Self {
                acr: Some(classes.iter().map(|class| &**class).collect()),
                weak,
                ..Self::default()
            }),
            Rule::MaxAge(seconds) if wanted => Some(Self {
                max_age: Some(*seconds),
                weak,
                ..Self::default()
            }),
            // RFC 9470 has no parameter for it, but the error code says what is the matter.
            Rule::Amr(_) if wanted => Some(Self {
                weak,
                ..Self::default()
            }),
            // Nothing else can be asked for: it is as it has to be, or it stays.
            _ => (verdict == Verdict::from(wanted)).then(Self::default),
        }
    }

    /// Both ways; `None` where they exclude each other.
    fn and(&self, other: &Self, facts: &Facts<'_>) -> Option<Self> {
        let mut both = self.clone();
        for scope in &other.scopes {
            if !both.scopes.contains(scope) {
                both.scopes.push(scope);
                both.missing += usize::from(!facts.scopes.contains(scope));
            }
        }
        both.acr = match (&self.acr, &other.acr) {
            (Some(one), Some(other)) => {
                let other: BTreeSet<_> = other.iter().collect();
                let common: Vec<_> = one
                    .iter()
                    .copied()
                    .filter(|it| other.contains(it))
                    .collect();
                if common.is_empty() {
                    return None;
                }
                Some(common)
            }
            (one, other) => one.clone().or_else(|| other.clone()),
        };
        both.max_age = [self.max_age, other.max_age].into_iter().flatten().min();
        both.weak += other.weak;
        Some(both)
    }

    /// Whether a token that had all this would do: `scope("a") and not scope("a")` has a way that
    /// leads nowhere.
    fn leads_to(&self, policy: &Policy, facts: &Facts<'_>) -> bool {
        let verdict = policy.verdict_by(&|rule| match rule {
            Rule::Scope(scope) if self.scopes.contains(&scope.as_str()) => Verdict::Met,
            Rule::Acr(_) | Rule::Amr(_) | Rule::MaxAge(_) if self.weak > 0 => Verdict::Met,
            rule => rule.verdict(facts),
        });
        verdict == Verdict::Met
    }
}
