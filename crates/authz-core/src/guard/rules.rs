use serde::de::DeserializeOwned;

use super::{Guard, Plan, RulePaths};
use crate::{
    authorizer::{Admission, Authorizer, events},
    claims::Claims,
    policy::deny,
    request::RequestParts,
    rules::{Access, Rules},
};

/// Protects a whole service with a table of rules.
///
/// Dereferences to [`Guard`], and becomes one.
pub struct RulesGuard<C = Claims>(Guard<C>);

impl<C> RulesGuard<C> {
    /// Allows the requests that `rules` allow, both by the path that the client sent and by the path at
    /// the guard. [`paths`](Self::paths) changes this.
    #[must_use]
    pub fn new(authorizer: Authorizer<C>, rules: Rules) -> Self {
        Self(Guard::with(authorizer, Plan::Rules(rules), None))
    }

    /// Sets the path that the rules match. Default: [`RulePaths::Both`].
    #[must_use]
    pub fn paths(mut self, paths: RulePaths) -> Self {
        self.0.change().paths = paths;
        self
    }
}

impl<C> Authorizer<C> {
    /// Protects a whole service with a table of rules. Adapters build their middleware from the guard.
    #[must_use]
    pub fn guard_rules(&self, rules: Rules) -> RulesGuard<C> {
        RulesGuard::new(self.clone(), rules)
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Guard<C> {
    pub(super) fn admit_by_rules(&self, request: &RequestParts<'_>, rules: &Rules) -> Admission<C> {
        let (original, current) = (request.original_path(), request.uri.path());
        let (first, second) = match self.0.paths {
            RulePaths::Original => (original, None),
            RulePaths::Current => (current, None),
            RulePaths::Both => (original, Some(current).filter(|it| *it != original)),
        };
        let (access, params) = match rules.find(request.method, first) {
            Ok(found) => found,
            Err(why) => return self.no_rule(request, first, why),
        };
        let first = request.with_path_params(&params);
        let Some(second) = second else {
            return self.admit_by_rule(&first, access);
        };
        let (other_access, params) = match rules.find(request.method, second) {
            Ok(found) => found,
            Err(why) => return self.no_rule(request, second, why),
        };
        let second = request.with_path_params(&params);
        match (access, other_access) {
            (Access::Public, _) => self.admit_by_rule(&second, other_access),
            (_, Access::Public) => self.admit_by_rule(&first, access),
            (
                Access::Policy { policy, optional },
                Access::Policy {
                    policy: other,
                    optional: other_optional,
                },
            ) => {
                let authorizer = self.authorizer();
                let missing = |request, policy| {
                    Admission::Ready(Err(authorizer.reject_missing(request, policy)))
                };
                match authorizer.decide_both(&first, policy, Some((&second, other))) {
                    Admission::Ready(Ok(None)) if !optional => missing(&first, policy),
                    Admission::Ready(Ok(None)) if !other_optional => missing(&second, other),
                    admission => admission,
                }
            }
        }
    }

    fn admit_by_rule(&self, request: &RequestParts<'_>, access: &Access) -> Admission<C> {
        match access {
            Access::Public => Admission::Ready(Ok(None)),
            Access::Policy { policy, optional } => self.decide(request, policy, *optional),
        }
    }

    fn no_rule(&self, request: &RequestParts<'_>, path: &str, why: &'static str) -> Admission<C> {
        events::no_rule(request, path, why);
        self.decide(&request.without_path_params(), &deny(), false)
    }
}

becomes_a_guard!(RulesGuard);
