use http::Method;

use super::{Guard, Plan};
use crate::{authorizer::Authorizer, claims::Claims, policy::Policy, rules::PathPattern};

/// Protects a route with one policy.
///
/// Dereferences to [`Guard`], and becomes one.
pub struct PolicyGuard<C = Claims>(Guard<C>);

impl<C> PolicyGuard<C> {
    /// Allows requests whose token satisfies `policy` and rejects the rest.
    #[must_use]
    pub fn new(authorizer: Authorizer<C>, policy: Policy) -> Self {
        let scopes = policy.wanted_scopes(&Method::GET);
        let hidden = scopes.is_empty() || !authorizer.state.name_wanted_scopes;
        let wanted_scope = (!hidden).then(|| scopes.join(" ").into());
        let plan = Plan::Policy {
            params: !policy.path_params().is_empty(),
            policy,
            optional: false,
            pattern: None,
        };
        Self(Guard::with(authorizer, plan, wanted_scope))
    }

    /// Allows requests without a token, too. A bad token is still rejected.
    #[must_use]
    pub fn optional(mut self) -> Self {
        if let Some((_, optional, _)) = self.0.change().plan.as_policy() {
            *optional = true;
        }
        self
    }

    /// Takes the policy's path parameters from the request's path by `pattern`, for routers that do not
    /// provide them. A path that does not match does not have parameters.
    ///
    /// # Panics
    ///
    /// Panics if the policy requires a parameter that `pattern` does not have. It could never be met.
    #[must_use]
    #[track_caller]
    pub fn at(mut self, path: PathPattern) -> Self {
        if let Some((policy, _, pattern)) = self.0.change().plan.as_policy() {
            for name in policy.path_params() {
                let known = path.names().any(|it| it == name);
                assert!(
                    known,
                    "the policy asks for path({name:?}), which {path} does not have"
                );
            }
            *pattern = Some(Box::new(path));
        }
        self
    }
}

impl<C> Authorizer<C> {
    /// Protects a route with `policy`. Adapters build their middleware from the guard.
    #[must_use]
    pub fn guard(&self, policy: Policy) -> PolicyGuard<C> {
        PolicyGuard::new(self.clone(), policy)
    }
}

becomes_a_guard!(PolicyGuard);
