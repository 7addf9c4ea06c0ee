use std::{
    num::NonZeroU64,
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{Policy, Rule};

/// Several policies that are looked at together.
#[derive(Clone)]
pub(crate) struct Several {
    policies: Box<[Policy]>,
    /// Stands for them in [`Allowed`]; `None` where it would not help, or not do.
    id: Option<NonZeroU64>,
}

/// Which policies a token is known to satisfy: those that ask for so much that it is worth
/// remembering, and for nothing but what the token alone decides. Neither the token nor the policy
/// changes, so the answer does not either. That a token does not satisfy one is not remembered.
#[derive(Debug, Default)]
pub(crate) struct Allowed([AtomicU64; Allowed::PLACES]);

impl Several {
    /// Up to so many requirements it is faster to look at them again.
    const FEW: usize = 4;

    pub(super) fn new(policies: Vec<Policy>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let requirements = || policies.iter().map(Policy::requirements).sum::<usize>();
        let is_worth_it =
            requirements() > Self::FEW && policies.iter().all(Policy::is_of_the_token);
        Self {
            id: NonZeroU64::new(if is_worth_it {
                NEXT.fetch_add(1, Relaxed)
            } else {
                0
            }),
            policies: policies.into(),
        }
    }

    pub(super) fn into_vec(self) -> Vec<Policy> {
        self.policies.into_vec()
    }
}

impl Policy {
    /// How many single requirements there are.
    pub(super) fn requirements(&self) -> usize {
        match &self.0 {
            Rule::Not(policy) => policy.requirements(),
            Rule::All(policies) | Rule::Any(policies) => {
                policies.iter().map(Self::requirements).sum()
            }
            _ => 1,
        }
    }

    /// Whether the token alone decides: not the request, not the time, and no code of the application.
    fn is_of_the_token(&self) -> bool {
        match &self.0 {
            Rule::MaxAge(_) | Rule::Method(_) | Rule::Custom(_) => false,
            Rule::Compare(comparison) => !comparison.depends_on_request(),
            Rule::Not(policy) => policy.is_of_the_token(),
            Rule::All(policies) | Rule::Any(policies) => policies.iter().all(Self::is_of_the_token),
            Rule::AnyValidToken
            | Rule::Deny
            | Rule::Scope(_)
            | Rule::Permission(_)
            | Rule::Role(_)
            | Rule::Group(_)
            | Rule::Client(_)
            | Rule::Issuer(_)
            | Rule::Acr(_)
            | Rule::Amr(_) => true,
        }
    }

    /// What stands for the policy in [`Allowed`].
    pub(super) const fn id(&self) -> Option<NonZeroU64> {
        match &self.0 {
            Rule::All(policies) | Rule::Any(policies) => policies.id,
            _ => None,
        }
    }
}

impl Allowed {
    const PLACES: usize = 4;

    pub(super) fn contains(&self, id: NonZeroU64) -> bool {
        self.place(id).load(Relaxed) == id.get()
    }

    pub(super) fn add(&self, id: NonZeroU64) {
        self.place(id).store(id.get(), Relaxed);
    }

    const fn place(&self, id: NonZeroU64) -> &AtomicU64 {
        &self.0[id.get() as usize % Self::PLACES]
    }
}

impl Deref for Several {
    type Target = [Policy];

    fn deref(&self) -> &[Policy] {
        &self.policies
    }
}

impl PartialEq for Several {
    fn eq(&self, other: &Self) -> bool {
        self.policies == other.policies
    }
}

impl Eq for Several {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{
        all_scopes, any_scope, claim, custom, max_age, method, path, permission, role,
    };

    #[test]
    fn only_what_the_token_alone_decides_is_remembered() {
        let five = all_scopes(["a", "b", "c", "d", "e"]);
        let named = |name: &str| five.clone() & claim(name).equals("x");
        for (policy, remembered) in [
            (five.clone(), true),
            (any_scope(["a", "b", "c", "d", "e"]), true),
            (five.clone() | (permission("p") & !role("r")), true),
            (named("org_id"), true),
            // Faster to look at.
            (all_scopes(["a", "b", "c", "d"]), false),
            // Not the token alone.
            (
                five.clone() & max_age(std::time::Duration::from_secs(60)),
                false,
            ),
            (five.clone() & !method([http::Method::GET]), false),
            (five.clone() & claim("org_id").equals(path("org")), false),
            (five.clone() | (role("r") & custom("even", |_| true)), false),
        ] {
            assert_eq!(policy.id().is_some(), remembered, "{policy}");
        }
    }

    #[test]
    fn each_policy_is_remembered_for_itself() {
        let five = || all_scopes(["a", "b", "c", "d", "e"]);
        let policies: [Policy; 9] = std::array::from_fn(|_| five());
        let allowed = Allowed::default();
        for policy in &policies {
            let id = policy.id().unwrap();
            assert!(!allowed.contains(id));
            allowed.add(id);
            assert!(allowed.contains(id));
            assert_eq!(policy.clone().id(), Some(id));
        }
        // Their clones are they themselves; a change is not.
        assert_ne!((policies[0].clone() & role("r")).id(), policies[0].id());
    }
}
