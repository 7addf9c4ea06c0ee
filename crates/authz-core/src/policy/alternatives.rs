//! What a policy says in scopes alone, for API descriptions.

use super::model::{Policy, Requirement};

/// A set of scopes that can meet a policy. Returned by [`Policy::scope_alternatives`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeAlternative<'p> {
    /// The scopes that a token needs, all of them, in the order of the policy and without repetitions.
    pub scopes: Vec<&'p str>,
    /// Whether these scopes are enough. Otherwise the policy requires more than scopes can say.
    pub is_sufficient: bool,
}

impl Policy {
    /// Returns the sets of scopes that can meet the policy. A token that meets it has all scopes of at least one
    /// set. Empty if no token can meet it.
    ///
    /// ```
    /// use authz_core::policy::{any_valid_token, role, scope};
    ///
    /// let policy = scope("read") & (scope("admin") | role("auditor"));
    /// let alternatives = policy.scope_alternatives();
    /// assert_eq!(alternatives[0].scopes, ["read", "admin"]);
    /// assert!(alternatives[0].is_sufficient);
    /// assert_eq!(alternatives[1].scopes, ["read"]);
    /// assert!(!alternatives[1].is_sufficient);
    ///
    /// let policy = any_valid_token();
    /// assert!(policy.scope_alternatives()[0].scopes.is_empty());
    /// ```
    ///
    /// An `and` of many `or`s has more alternatives than a reader can use. Above 32, some of its parts count as
    /// requirements that scopes can't say.
    #[must_use]
    pub fn scope_alternatives(&self) -> Vec<ScopeAlternative<'_>> {
        match &self.0 {
            Requirement::AnyValidToken => vec![ScopeAlternative::new(&[], true)],
            Requirement::Deny => Vec::new(),
            Requirement::Scope(scope) => vec![ScopeAlternative::new(&[scope.as_str()], true)],
            Requirement::All(all) => {
                let parts = all.iter().map(Self::scope_alternatives);
                let merged = parts.reduce(|left, right| combine(&left, &right));
                merged.unwrap_or_default()
            }
            Requirement::Any(any) => minimal(any.iter().flat_map(Self::scope_alternatives)),
            _ => vec![ScopeAlternative::new(&[], false)],
        }
    }
}

impl<'p> ScopeAlternative<'p> {
    fn new(scopes: &[&'p str], is_sufficient: bool) -> Self {
        Self {
            scopes: scopes.to_vec(),
            is_sufficient,
        }
    }

    fn and(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.is_sufficient &= other.is_sufficient;
        let missing = (other.scopes.iter()).filter(|it| !self.scopes.contains(it));
        merged.scopes.extend(missing);
        merged
    }

    /// Returns `true` if every token that has the scopes of `other` is allowed by `self` already.
    fn covers(&self, other: &Self) -> bool {
        let is_subset = self.scopes.iter().all(|it| other.scopes.contains(it));
        is_subset && (self.is_sufficient || self == other)
    }
}

fn combine<'p>(
    left: &[ScopeAlternative<'p>],
    right: &[ScopeAlternative<'p>],
) -> Vec<ScopeAlternative<'p>> {
    if left.len() * right.len() > MAX_COMBINATIONS {
        // The shorter list says more to a reader.
        let (kept, _) = if left.len() <= right.len() {
            (left, right)
        } else {
            (right, left)
        };
        let partial = (kept.iter()).map(|it| ScopeAlternative::new(&it.scopes, false));
        return minimal(partial);
    }
    minimal((left.iter()).flat_map(|left| right.iter().map(|right| left.and(right))))
}

/// Removes alternatives that another one makes unnecessary.
fn minimal<'p>(
    alternatives: impl Iterator<Item = ScopeAlternative<'p>>,
) -> Vec<ScopeAlternative<'p>> {
    let mut kept: Vec<ScopeAlternative<'p>> = Vec::new();
    for alternative in alternatives {
        if !kept.iter().any(|it| it.covers(&alternative)) {
            kept.retain(|it| !alternative.covers(it));
            kept.push(alternative);
        }
    }
    kept
}

const MAX_COMBINATIONS: usize = 32;
