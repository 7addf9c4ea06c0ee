//! What a caller would have to bring for the policy to be met.

use std::collections::{BTreeSet, HashSet};

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::{Facts, Policy, Requirement, StepUp, Verdict};

/// The cheapest thing to ask a caller for: scopes, a stronger or newer authentication, or both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// All scopes that the way needs, those that the token has included.
    pub(crate) scopes: Vec<String>,
    /// What the authentication lacks; `None` where it is strong enough.
    pub(crate) step_up: Option<StepUp>,
}

/// `None` where nothing that a caller can ask its issuer for would help.
///
/// A large policy has more ways than a refusal may take time to compare. Once the budget is spent, each
/// group is decided for itself: what is found would do, and may not be the cheapest.
pub(crate) fn remedy(policy: &Policy, facts: &Facts<'_>) -> Option<Remedy> {
    let mut budget = Budget(Budget::STEPS);
    let way = match cheapest(policy, facts, &mut budget) {
        Ok(way) => way,
        Err(Spent) => by_group(policy, facts),
    }?;
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
struct RemedyCandidate<'a> {
    scopes: SmallVec<[&'a str; 2]>,
    /// Scopes that the token does not have.
    missing: usize,
    /// One of these, in this order of preference.
    acr: Option<Vec<&'a str>>,
    max_age: Option<u64>,
    /// Requirements about the authentication that the token does not meet.
    weak: usize,
}

/// What comparing all ways may cost, in steps of some ten nanoseconds.
struct Budget(usize);

struct Spent;

impl Budget {
    const STEPS: usize = 1024;

    fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        self.0 = self.0.checked_sub(steps).ok_or(Spent)?;
        Ok(())
    }
}

/// How many alternatives are kept on the way: the best. No policy that a person can read has more.
const MOST: usize = 32;

/// The cheapest of all ways that lead somewhere.
fn cheapest<'a>(
    policy: &'a Policy,
    facts: &Facts<'_>,
    budget: &mut Budget,
) -> Result<Option<RemedyCandidate<'a>>, Spent> {
    for way in ways(policy, true, facts, budget)? {
        budget.spend(policy.requirements() * (1 + way.scopes.len() / 4))?;
        if way.leads_to(policy, facts, |scope| way.scopes.contains(&scope)) {
            return Ok(Some(way));
        }
    }
    Ok(None)
}

/// The ways to get `policy` met, or not met where that is `wanted`: the cheapest first.
fn ways<'a>(
    policy: &'a Policy,
    wanted: bool,
    facts: &Facts<'_>,
    budget: &mut Budget,
) -> Result<Vec<RemedyCandidate<'a>>, Spent> {
    let mut found = match (&policy.0, wanted) {
        (Requirement::Not(policy), _) => return ways(policy, !wanted, facts, budget),
        (Requirement::All(policies), true) | (Requirement::Any(policies), false) => {
            let mut together = vec![RemedyCandidate::default()];
            for policy in policies.iter() {
                let more = ways(policy, wanted, facts, budget)?;
                let mut both = Vec::new();
                for way in &together {
                    for more in &more {
                        budget.spend(4 + (way.scopes.len() + more.scopes.len()) / 2)?;
                        both.extend(way.and(more, facts));
                    }
                }
                together = both;
                best(&mut together);
            }
            together
        }
        (Requirement::Any(policies), true) | (Requirement::All(policies), false) => {
            let mut either = Vec::new();
            for policy in policies.iter() {
                either.append(&mut ways(policy, wanted, facts, budget)?);
            }
            either
        }
        (rule, wanted) => {
            budget.spend(2)?;
            RemedyCandidate::about(rule, wanted, facts)
                .into_iter()
                .collect()
        }
    };
    best(&mut found);
    Ok(found)
}

fn best(ways: &mut Vec<RemedyCandidate<'_>>) {
    ways.sort_by_key(RemedyCandidate::cost);
    ways.truncate(MOST);
}

/// A way through the policy that takes the cheapest member of each group, whatever the others need.
/// Looks at each requirement once, and once more at those that decide whether the way leads anywhere.
fn by_group<'a>(policy: &'a Policy, facts: &Facts<'_>) -> Option<RemedyCandidate<'a>> {
    let mut way = cheapest_member(policy, true, facts)?;
    let mut scopes = HashSet::with_hasher(RandomState::default());
    way.scopes.retain(|scope| scopes.insert(*scope));
    way.leads_to(policy, facts, |scope| scopes.contains(scope))
        .then_some(way)
}

fn cheapest_member<'a>(
    policy: &'a Policy,
    wanted: bool,
    facts: &Facts<'_>,
) -> Option<RemedyCandidate<'a>> {
    match (&policy.0, wanted) {
        (Requirement::Not(policy), _) => cheapest_member(policy, !wanted, facts),
        (Requirement::All(policies), true) | (Requirement::Any(policies), false) => {
            let mut together = RemedyCandidate::default();
            for policy in policies.iter() {
                together.append(cheapest_member(policy, wanted, facts)?)?;
            }
            Some(together)
        }
        (Requirement::Any(policies), true) | (Requirement::All(policies), false) => (policies
            .iter())
        .filter_map(|policy| cheapest_member(policy, wanted, facts))
        .min_by_key(RemedyCandidate::cost),
        (rule, wanted) => RemedyCandidate::about(rule, wanted, facts),
    }
}

impl<'a> RemedyCandidate<'a> {
    fn about(rule: &'a Requirement, wanted: bool, facts: &Facts<'_>) -> Option<Self> {
        match rule {
            // No scope that is granted would be seen where they are kept elsewhere.
            Requirement::Scope(scope) if wanted && !facts.scopes_elsewhere() => Some(Self {
                scopes: SmallVec::from_slice(&[scope.as_str()]),
                missing: usize::from(!facts.scopes.contains(scope.as_str())),
                ..Self::default()
            }),
            Requirement::Acr(classes) if wanted => Some(Self {
                acr: Some(classes.iter().map(|class| &**class).collect()),
                weak: is_weak(rule, facts),
                ..Self::default()
            }),
            Requirement::MaxAge(seconds) if wanted => Some(Self {
                max_age: Some(*seconds),
                weak: is_weak(rule, facts),
                ..Self::default()
            }),
            // RFC 9470 has no parameter for it, but the error code says what is the matter.
            Requirement::Amr(_) if wanted => Some(Self {
                weak: is_weak(rule, facts),
                ..Self::default()
            }),
            // Nothing else can be asked for: it is as it has to be, or it stays.
            _ => (rule.verdict(facts) == Verdict::from(wanted)).then(Self::default),
        }
    }

    /// Another login is more than another scope.
    fn cost(&self) -> (usize, usize, usize) {
        (self.weak, self.missing, self.scopes.len())
    }

    /// Both ways; `None` where they exclude each other.
    fn and(&self, other: &Self, facts: &Facts<'_>) -> Option<Self> {
        let mut both = Self {
            scopes: self.scopes.clone(),
            missing: self.missing,
            acr: self.acr.clone(),
            ..*self
        };
        for scope in &other.scopes {
            if !both.scopes.contains(scope) {
                both.scopes.push(scope);
                both.missing += usize::from(!facts.scopes.contains(scope));
            }
        }
        both.add_authentication(other.acr.clone(), other)?;
        Some(both)
    }

    /// As [`and`](Self::and), but a scope that both need is counted twice.
    fn append(&mut self, mut other: Self) -> Option<()> {
        if self.scopes.is_empty() {
            // Nothing is copied on the way out of groups inside each other.
            self.scopes = std::mem::take(&mut other.scopes);
        } else {
            self.scopes.extend_from_slice(&other.scopes);
        }
        self.missing += other.missing;
        let acr = other.acr.take();
        self.add_authentication(acr, &other)
    }

    fn add_authentication(&mut self, acr: Option<Vec<&'a str>>, other: &Self) -> Option<()> {
        if let (Some(one), Some(other)) = (&mut self.acr, &acr) {
            let other: BTreeSet<_> = other.iter().copied().collect();
            one.retain(|it| other.contains(it));
            if one.is_empty() {
                return None;
            }
        } else if acr.is_some() {
            self.acr = acr;
        }
        self.max_age = [self.max_age, other.max_age].into_iter().flatten().min();
        self.weak += other.weak;
        Some(())
    }

    /// Whether a token that had all this would do, its scopes being those that it `has`:
    /// `scope("a") and not scope("a")` has a way that leads nowhere.
    fn leads_to(&self, policy: &Policy, facts: &Facts<'_>, has: impl Fn(&str) -> bool) -> bool {
        let verdict = policy.verdict_by(&|rule| match rule {
            Requirement::Scope(scope) if has(scope.as_str()) => Verdict::Met,
            Requirement::Acr(_) | Requirement::Amr(_) | Requirement::MaxAge(_) if self.weak > 0 => {
                Verdict::Met
            }
            rule => rule.verdict(facts),
        });
        verdict == Verdict::Met
    }
}

fn is_weak(rule: &Requirement, facts: &Facts<'_>) -> usize {
    usize::from(rule.verdict(facts) != Verdict::Met)
}
