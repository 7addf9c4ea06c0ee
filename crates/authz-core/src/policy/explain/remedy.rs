//! What to ask the caller for: the cheapest scopes and authentication with which the policy would be met.
//!
//! Each [`RemedyCandidate`] is one alternative of the policy. A large policy has more alternatives than a
//! rejection may take time to compare. When the [`Budget`] is spent, each group is decided for itself: the
//! result still meets the policy, but may not be the cheapest.

use std::collections::{BTreeSet, HashSet};

use foldhash::fast::RandomState;
use serde::Serialize;
use smallvec::{SmallVec, smallvec};

use crate::policy::{
    eval::{EvalContext, Verdict},
    model::{Policy, Requirement},
};

/// A stronger or more recent authentication of the user (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepUp {
    /// The sufficient authentication context classes, in order of preference.
    pub acr_values: Vec<String>,
    /// Maximum time since the user's authentication, in seconds.
    pub max_age: Option<u64>,
}

/// What to ask the caller for: scopes, a stronger or newer authentication, or both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// All scopes needed, including those that the token has.
    pub(crate) scopes: Vec<String>,
    /// `None` if the authentication suffices.
    pub(crate) step_up: Option<StepUp>,
}

/// Returns `None` if nothing that a caller can request from its issuer would help.
pub(crate) fn remedy(policy: &Policy, context: &EvalContext<'_>) -> Option<Remedy> {
    let mut budget = Budget(Budget::STEPS);
    let cheapest = match cheapest(policy, context, &mut budget) {
        Ok(cheapest) => cheapest,
        Err(Spent) => cheapest_by_group(policy, context),
    }?;
    Some(Remedy {
        step_up: (cheapest.weak > 0).then(|| StepUp {
            acr_values: (cheapest.acr.into_iter().flatten())
                .map(str::to_owned)
                .collect(),
            max_age: cheapest.max_age,
        }),
        scopes: cheapest.scopes.into_iter().map(str::to_owned).collect(),
    })
}

/// What the caller needs for one alternative of a policy.
#[derive(Clone, Debug, Default)]
struct RemedyCandidate<'a> {
    scopes: SmallVec<[&'a str; 2]>,
    /// Number of scopes that the token lacks.
    missing: usize,
    /// One of these, in order of preference.
    acr: Option<Vec<&'a str>>,
    max_age: Option<u64>,
    /// Number of requirements on the authentication that the token does not meet.
    weak: usize,
}

/// What comparing all candidates may cost, in steps of about ten nanoseconds.
struct Budget(usize);

struct Spent;

impl Budget {
    const STEPS: usize = 1024;

    fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        self.0 = self.0.checked_sub(steps).ok_or(Spent)?;
        Ok(())
    }
}

/// How many candidates of each group are kept: the cheapest. Policies that a person can read have fewer.
const MAX_CANDIDATES: usize = 32;

fn cheapest<'a>(
    policy: &'a Policy,
    context: &EvalContext<'_>,
    budget: &mut Budget,
) -> Result<Option<RemedyCandidate<'a>>, Spent> {
    let size = policy.size();
    for candidate in candidates(policy, true, context, budget)? {
        budget.spend(size * (1 + candidate.scopes.len() / 4))?;
        if candidate.meets(policy, context, |scope| candidate.scopes.contains(&scope)) {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// The candidates for `policy` to be met, or not met if `met` is `false`: the cheapest first.
fn candidates<'a>(
    policy: &'a Policy,
    met: bool,
    context: &EvalContext<'_>,
    budget: &mut Budget,
) -> Result<Vec<RemedyCandidate<'a>>, Spent> {
    let mut found = match (&policy.0, met) {
        (Requirement::Not(policy), _) => return candidates(policy, !met, context, budget),
        (Requirement::All(parts), true) | (Requirement::Any(parts), false) => {
            let mut combined = vec![RemedyCandidate::default()];
            for part in parts {
                let added = candidates(part, met, context, budget)?;
                let mut both = Vec::new();
                for candidate in &combined {
                    for added in &added {
                        budget.spend(4 + (candidate.scopes.len() + added.scopes.len()) / 2)?;
                        both.extend(candidate.and(added, context));
                    }
                }
                combined = both;
                keep_cheapest(&mut combined);
            }
            combined
        }
        (Requirement::Any(parts), true) | (Requirement::All(parts), false) => {
            let mut alternatives = Vec::new();
            for part in parts {
                alternatives.append(&mut candidates(part, met, context, budget)?);
            }
            alternatives
        }
        (requirement, _) => {
            budget.spend(2)?;
            Vec::from_iter(RemedyCandidate::new(requirement, met, context))
        }
    };
    keep_cheapest(&mut found);
    Ok(found)
}

fn keep_cheapest(candidates: &mut Vec<RemedyCandidate<'_>>) {
    candidates.sort_by_key(RemedyCandidate::cost);
    candidates.truncate(MAX_CANDIDATES);
}

/// The candidate that takes the cheapest part of each group, regardless of what other groups need.
/// Evaluates each requirement at most twice.
fn cheapest_by_group<'a>(
    policy: &'a Policy,
    context: &EvalContext<'_>,
) -> Option<RemedyCandidate<'a>> {
    let mut candidate = cheapest_part(policy, true, context)?;
    let mut scopes = HashSet::with_hasher(RandomState::default());
    candidate.scopes.retain(|scope| scopes.insert(*scope));
    candidate
        .meets(policy, context, |scope| scopes.contains(scope))
        .then_some(candidate)
}

fn cheapest_part<'a>(
    policy: &'a Policy,
    met: bool,
    context: &EvalContext<'_>,
) -> Option<RemedyCandidate<'a>> {
    match (&policy.0, met) {
        (Requirement::Not(policy), _) => cheapest_part(policy, !met, context),
        (Requirement::All(parts), true) | (Requirement::Any(parts), false) => {
            let mut combined = RemedyCandidate::default();
            for part in parts {
                combined.append(cheapest_part(part, met, context)?)?;
            }
            Some(combined)
        }
        (Requirement::Any(parts), true) | (Requirement::All(parts), false) => (parts.iter())
            .filter_map(|part| cheapest_part(part, met, context))
            .min_by_key(RemedyCandidate::cost),
        (requirement, _) => RemedyCandidate::new(requirement, met, context),
    }
}

impl<'a> RemedyCandidate<'a> {
    fn new(requirement: &'a Requirement, met: bool, context: &EvalContext<'_>) -> Option<Self> {
        let is_met = || requirement.verdict(context) == Verdict::from(met);
        Some(match requirement {
            // A scope would have no effect if the issuer keeps scopes elsewhere.
            Requirement::Scope(scope) if met && !context.scopes_elsewhere() => Self {
                scopes: smallvec![scope.as_str()],
                missing: usize::from(!context.scopes.contains(scope.as_str())),
                ..Self::default()
            },
            // RFC 9470 has no parameter for `amr`, but its error code names the problem.
            Requirement::Acr(_) | Requirement::MaxAge(_) | Requirement::Amr(_) if met => Self {
                acr: match requirement {
                    Requirement::Acr(classes) => Some(classes.iter().map(|it| &**it).collect()),
                    _ => None,
                },
                max_age: match requirement {
                    Requirement::MaxAge(seconds) => Some(*seconds),
                    _ => None,
                },
                weak: usize::from(!is_met()),
                ..Self::default()
            },
            // A caller can't request anything else.
            _ => return is_met().then(Self::default),
        })
    }

    /// Another login costs more than another scope.
    fn cost(&self) -> (usize, usize, usize) {
        (self.weak, self.missing, self.scopes.len())
    }

    /// Returns `None` if the two exclude each other.
    fn and(&self, other: &Self, context: &EvalContext<'_>) -> Option<Self> {
        let mut both = self.clone();
        for scope in &other.scopes {
            if !both.scopes.contains(scope) {
                both.scopes.push(scope);
                both.missing += usize::from(!context.scopes.contains(scope));
            }
        }
        both.add_authentication(other.acr.clone(), other)?;
        Some(both)
    }

    /// As [`and`](Self::and), but counts a scope that both need twice, and copies nothing if possible.
    fn append(&mut self, mut other: Self) -> Option<()> {
        if self.scopes.is_empty() {
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

    /// Whether the policy is met by a token with all of this and the scopes that it `has`. No candidate of
    /// `scope("a") and not scope("a")` meets it.
    fn meets(
        &self,
        policy: &Policy,
        context: &EvalContext<'_>,
        has: impl Fn(&str) -> bool,
    ) -> bool {
        let verdict = policy.verdict_by(&|requirement| match requirement {
            Requirement::Scope(scope) if has(scope.as_str()) => Verdict::Met,
            Requirement::Acr(_) | Requirement::Amr(_) | Requirement::MaxAge(_) if self.weak > 0 => {
                Verdict::Met
            }
            requirement => requirement.verdict(context),
        });
        verdict == Verdict::Met
    }
}
