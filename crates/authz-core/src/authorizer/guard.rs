use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use super::{Authorized, Authorizer, Outcome, Pending, RequestParts};
#[cfg(feature = "rules")]
use crate::{
    authorizer::events,
    policy::deny,
    rules::{Access, Rules},
};
use crate::{
    bearer::TokenSource, claims::Claims, policy::Policy, rejection::Rejection, rules::PathPattern,
};

/// What stands before a route: an authorizer, the route's policy, and whether a token is optional.
/// Or before a whole service: an authorizer and a table of rules.
///
/// Every adapter's middleware is one of these with its framework's plumbing around it.
pub struct Guard<C = Claims>(Arc<Inner<C>>);

/// Frameworks clone a middleware for every request: that is one count and no more.
struct Inner<C> {
    authorizer: Authorizer<C>,
    plan: Plan,
}

/// What is asked of a request.
#[derive(Clone, Debug)]
enum Plan {
    Policy {
        policy: Policy,
        optional: bool,
        /// Whether the policy asks for path parameters.
        params: bool,
        /// Where the path parameters are, if the framework does not tell.
        pattern: Option<Box<PathPattern>>,
    },
    #[cfg(feature = "rules")]
    Rules(Rules),
}

/// Whether a request may pass, or the wait for the key that decides it.
///
/// `None` stands for a request that passes without a caller: a CORS preflight, or one without a
/// token where that is optional.
#[must_use]
#[derive(Debug)]
pub enum Admission<C = Claims> {
    /// Decided.
    Ready(Result<Option<Authorized<C>>, Rejection>),
    /// The token's key is not known yet.
    Pending(Pending<C>),
}

impl<C> Guard<C> {
    /// Lets pass the requests whose token satisfies `policy`.
    #[must_use]
    pub fn new(authorizer: Authorizer<C>, policy: Policy) -> Self {
        let plan = Plan::Policy {
            params: !policy.path_params().is_empty(),
            policy,
            optional: false,
            pattern: None,
        };
        Self(Arc::new(Inner { authorizer, plan }))
    }

    /// Lets pass the requests that `rules` let pass. The path that counts is that of the request's
    /// target as the client sent it: an adapter has to undo what its framework's nesting takes away.
    #[cfg(feature = "rules")]
    #[must_use]
    pub fn with_rules(authorizer: Authorizer<C>, rules: Rules) -> Self {
        let plan = Plan::Rules(rules);
        Self(Arc::new(Inner { authorizer, plan }))
    }

    /// Lets requests without a token pass, too. A bad token is refused all the same. In a table of
    /// rules each says so for itself, and this changes nothing.
    #[must_use]
    pub fn optional(mut self) -> Self {
        match &mut Arc::make_mut(&mut self.0).plan {
            Plan::Policy { optional, .. } => *optional = true,
            #[cfg(feature = "rules")]
            Plan::Rules(_) => {}
        }
        self
    }

    /// Takes the path parameters that the policy asks for from the request's path by `pattern`, for
    /// routers that don't tell theirs. A path that does not match has none.
    ///
    /// # Panics
    ///
    /// When the policy asks for a parameter that `pattern` does not have: it could never be met.
    #[must_use]
    #[track_caller]
    pub fn at(mut self, path: PathPattern) -> Self {
        match &mut Arc::make_mut(&mut self.0).plan {
            Plan::Policy {
                pattern, policy, ..
            } => {
                for name in policy.path_params() {
                    let known = path.names().any(|it| it == name);
                    assert!(
                        known,
                        "the policy asks for path({name:?}), which {path} does not have"
                    );
                }
                *pattern = Some(Box::new(path));
            }
            #[cfg(feature = "rules")]
            Plan::Rules(_) => {}
        }
        self
    }

    /// The authorizer.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer<C> {
        &self.0.authorizer
    }

    /// Whether a decision depends on more of the request's target than its path: an adapter whose
    /// framework keeps the query to itself need not ask for it otherwise.
    #[must_use]
    pub fn reads_query(&self) -> bool {
        let sources = &self.0.authorizer.shared.sources;
        let policies = match &self.0.plan {
            Plan::Policy { policy, .. } => policy.reads_query(),
            #[cfg(feature = "rules")]
            Plan::Rules(rules) => rules.read_query(),
        };
        policies || sources.others.iter().any(TokenSource::is_query)
    }

    /// Whether a decision depends on the path of the request's target.
    #[must_use]
    pub fn reads_path(&self) -> bool {
        match &self.0.plan {
            Plan::Policy { pattern, .. } => pattern.is_some(),
            #[cfg(feature = "rules")]
            Plan::Rules(_) => true,
        }
    }

    /// Whether a decision depends on the path parameters that the framework's router finds: it need
    /// not be asked for them otherwise.
    #[must_use]
    pub fn reads_path_params(&self) -> bool {
        match &self.0.plan {
            Plan::Policy {
                params, pattern, ..
            } => *params && pattern.is_none(),
            #[cfg(feature = "rules")]
            Plan::Rules(_) => false,
        }
    }

    /// The policy; `None` for a table of rules.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        match &self.0.plan {
            Plan::Policy { policy, .. } => Some(policy),
            #[cfg(feature = "rules")]
            Plan::Rules(_) => None,
        }
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Guard<C> {
    /// Decides about one request, at once where the token's key is known.
    pub fn admit(&self, request: &RequestParts<'_>) -> Admission<C> {
        if request.is_preflight() {
            return Admission::Ready(Ok(None));
        }
        match &self.0.plan {
            Plan::Policy {
                policy,
                optional,
                pattern: None,
                ..
            } => self.decide(request, policy, *optional),
            Plan::Policy {
                policy,
                optional,
                pattern: Some(pattern),
                ..
            } => match pattern.find(request.uri.path()) {
                Some(params) => self.decide(&request.with_path_params(&params), policy, *optional),
                None => self.decide(&request.without_path_params(), policy, *optional),
            },
            #[cfg(feature = "rules")]
            Plan::Rules(rules) => match rules.find(request.method, request.uri.path()) {
                Ok((Access::Public, _)) => Admission::Ready(Ok(None)),
                Ok((Access::Policy { policy, optional }, params)) => {
                    self.decide(&request.with_path_params(&params), policy, *optional)
                }
                Err(why) => {
                    events::no_rule(request, why);
                    self.decide(&request.without_path_params(), &deny(), false)
                }
            },
        }
    }

    fn decide(&self, request: &RequestParts<'_>, policy: &Policy, optional: bool) -> Admission<C> {
        if optional && self.0.authorizer.has_no_token(request) {
            return Admission::Ready(Ok(None));
        }
        match self.0.authorizer.decide(request, policy) {
            Outcome::Ready(decision) => Admission::Ready(decision.map(Some)),
            Outcome::Pending(pending) => Admission::Pending(pending),
        }
    }
}

impl<C> Admission<C> {
    /// The decision, once it is there.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub async fn resolve(self) -> Result<Option<Authorized<C>>, Rejection> {
        match self {
            Self::Ready(decision) => decision,
            Self::Pending(pending) => pending.await.map(Some),
        }
    }
}

impl<C> Clone for Guard<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Clone for Inner<C> {
    fn clone(&self) -> Self {
        Self {
            authorizer: self.authorizer.clone(),
            plan: self.plan.clone(),
        }
    }
}

impl<C> fmt::Debug for Guard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("plan", &self.0.plan)
            .finish_non_exhaustive()
    }
}
