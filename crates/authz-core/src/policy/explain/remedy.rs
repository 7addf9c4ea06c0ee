//! Finds the cheapest scopes and authentication with which the policy would be met.
//!
//! Each [`RemedyCandidate`] is one alternative of the policy. A large policy has more alternatives than a
//! rejection may take time to compare. When the budget is spent, each group is decided for itself: the
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

/// A request to the caller: scopes, a stronger or newer authentication, or both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// All scopes needed, including those that the token has.
    pub(crate) scopes: Vec<String>,
    /// `None` if the authentication suffices.
    pub(crate) step_up: Option<StepUp>,
}

/// Returns `None` if nothing that a caller can request from its issuer would help.
pub(crate) fn remedy(policy: &Policy, context: &EvalContext<'_>) -> Option<Remedy> {
    let search = |budget, kept| {
        let mut search = Search {
            context,
            budget,
            kept,
        };
        search.cheapest(policy)
    };
    let cheapest = search(BUDGET, MAX_CANDIDATES).or_else(|Spent| search(usize::MAX, 1));
    let cheapest = cheapest.ok().flatten()?;
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

/// The needs of the caller for one alternative of a policy.
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

/// Maximum cost of comparing all candidates, in steps of about ten nanoseconds.
const BUDGET: usize = 1024;

/// How many candidates of each group are compared. Policies that a person can read have fewer.
const MAX_CANDIDATES: usize = 32;

struct Search<'c, 'e> {
    context: &'c EvalContext<'e>,
    /// The remaining steps.
    budget: usize,
    /// How many candidates of each group are kept: the cheapest.
    kept: usize,
}

struct Spent;

/// With room for two, so that the many groups of a large policy do not allocate.
type Candidates<'a> = SmallVec<[RemedyCandidate<'a>; 2]>;

impl Search<'_, '_> {
    fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        self.budget = self.budget.checked_sub(steps).ok_or(Spent)?;
        Ok(())
    }

    fn cheapest<'a>(&mut self, policy: &'a Policy) -> Result<Option<RemedyCandidate<'a>>, Spent> {
        let size = policy.size();
        for mut candidate in self.candidates(policy, true)? {
            self.spend(size * (1 + candidate.scopes.len() / 4))?;
            let mut scopes = HashSet::with_hasher(RandomState::default());
            candidate.scopes.retain(|scope| scopes.insert(*scope));
            if candidate.meets(policy, self.context, |scope| scopes.contains(scope)) {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }

    /// The candidates for `policy` to be met, or not met if `met` is `false`: the cheapest first.
    fn candidates<'a>(&mut self, policy: &'a Policy, met: bool) -> Result<Candidates<'a>, Spent> {
        let mut found = Candidates::new();
        match (&policy.0, met) {
            (Requirement::Not(policy), _) => return self.candidates(policy, !met),
            (Requirement::All(parts), true) | (Requirement::Any(parts), false) => {
                found.push(RemedyCandidate::default());
                for part in parts {
                    let added = self.candidates(part, met)?;
                    self.combine(&mut found, added)?;
                }
            }
            (Requirement::Any(parts), true) | (Requirement::All(parts), false) => {
                for part in parts {
                    found.append(&mut self.candidates(part, met)?);
                    if found.len() >= 2 * self.kept {
                        self.keep_cheapest(&mut found);
                    }
                }
                self.keep_cheapest(&mut found);
            }
            (requirement, _) => {
                self.spend(2)?;
                found.extend(RemedyCandidate::new(requirement, met, self.context));
            }
        }
        Ok(found)
    }

    /// Replaces the candidates `found` by all their combinations with `added`.
    fn combine<'a>(
        &mut self,
        found: &mut Candidates<'a>,
        added: Candidates<'a>,
    ) -> Result<(), Spent> {
        if self.kept == 1 {
            // In place, so that a large group costs no more than its length.
            let mut added = added.into_iter();
            found.retain(|it| added.next().is_some_and(|added| it.append(added).is_some()));
            return Ok(());
        }
        let mut both = Candidates::new();
        for candidate in &*found {
            for added in &added {
                self.spend(4 + (candidate.scopes.len() + added.scopes.len()) / 2)?;
                both.extend(candidate.and(added, self.context));
            }
        }
        *found = both;
        self.keep_cheapest(found);
        Ok(())
    }

    fn keep_cheapest(&self, candidates: &mut Candidates<'_>) {
        candidates.sort_by_key(RemedyCandidate::cost);
        candidates.truncate(self.kept);
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
