use std::{fmt, sync::Arc};

use http::{HeaderValue, Method};
use serde::de::DeserializeOwned;

use super::{Admission, Authorizer};
use crate::{
    authorizer::events,
    bearer::TokenSource,
    claims::Claims,
    policy::Policy,
    rejection::Rejection,
    request::RequestParts,
    rules::{PathPattern, decode, is_plain},
};
#[cfg(feature = "rules")]
use crate::{
    policy::deny,
    rules::{Access, Matched, Rules},
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
    /// `Allow` for preflights, if the guard answers them.
    preflights: Option<HeaderValue>,
    paths: RulePaths,
    /// The scopes that a caller without a token should ask for.
    wanted_scope: Option<Arc<str>>,
}

/// Which path of a request a table of rules looks at, where a nested router or a rewrite has changed
/// it on the way to the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RulePaths {
    /// Both: a request passes only if the rules allow it by the path that the client sent and by the
    /// path that is seen here. Safe whatever comes before the guard.
    #[default]
    Both,
    /// The path that the client sent. For a guard within a nested router, with rules for whole paths,
    /// where nothing rewrites paths.
    Original,
    /// The path that is seen here: what is left by nested routers and rewrites, and what will be served.
    Current,
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

impl<C> Guard<C> {
    /// Lets pass the requests whose token satisfies `policy`.
    #[must_use]
    pub fn new(authorizer: Authorizer<C>, policy: Policy) -> Self {
        let scopes = policy.wanted_scopes(&Method::GET);
        let hidden = scopes.is_empty() || !authorizer.shared.name_wanted_scopes;
        let wanted_scope = (!hidden).then(|| scopes.join(" ").into());
        let plan = Plan::Policy {
            params: !policy.path_params().is_empty(),
            policy,
            optional: false,
            pattern: None,
        };
        Self(Arc::new(Inner {
            authorizer,
            plan,
            preflights: None,
            paths: RulePaths::default(),
            wanted_scope,
        }))
    }

    /// Allows the requests that `rules` allow, by the path that the client sent and by the one that is
    /// seen here: [`rule_paths`](Self::rule_paths) changes that.
    #[cfg(feature = "rules")]
    #[must_use]
    pub fn with_rules(authorizer: Authorizer<C>, rules: Rules) -> Self {
        Self(Arc::new(Inner {
            authorizer,
            plan: Plan::Rules(rules),
            preflights: None,
            paths: RulePaths::default(),
            wanted_scope: None,
        }))
    }

    /// Which path a table of rules looks at. Changes nothing for a guard of one policy.
    #[must_use]
    pub fn rule_paths(mut self, paths: RulePaths) -> Self {
        Arc::make_mut(&mut self.0).paths = paths;
        self
    }

    /// Answers CORS preflights here, with 204 and `methods` in `Allow`, in place of refusing them. For
    /// services without a CORS layer, which would answer them before they come to the guard: the
    /// answer does not let a page of another origin call the API. No preflight is passed on.
    #[must_use]
    pub fn answer_preflights<'m>(mut self, methods: impl IntoIterator<Item = &'m Method>) -> Self {
        let methods: Vec<_> = methods.into_iter().map(Method::as_str).collect();
        // Methods are tokens: always a header value.
        let allow = HeaderValue::try_from(methods.join(", ")).ok();
        Arc::make_mut(&mut self.0).preflights =
            allow.or_else(|| Some(HeaderValue::from_static("")));
        self
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

    pub(super) fn wanted_scope(&self) -> Option<Arc<str>> {
        self.0.wanted_scope.clone()
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
        if let Some(allow) = &self.0.preflights
            && request.is_preflight()
        {
            let answer = Rejection::preflight(allow.clone(), &self.0.authorizer.shared.api);
            return Admission::Ready(Err(answer));
        }
        match &self.0.plan {
            Plan::Policy {
                policy,
                optional,
                pattern: None,
                params,
            } => {
                let admission = self.decide(request, policy, *optional);
                if *params && admission.is_unmet() {
                    Self::complain_about_params(request, policy);
                }
                admission
            }
            Plan::Policy {
                policy,
                optional,
                pattern: Some(pattern),
                params,
            } => match pattern.find(request.original_path()) {
                Some(params) => self.decide(&request.with_path_params(&params), policy, *optional),
                None => {
                    let admission = self.decide(&request.without_path_params(), policy, *optional);
                    // A path that can be read in two ways matches nothing, and is the client's fault.
                    if *params && admission.is_unmet() && is_plain(request.original_path()) {
                        events::other_pattern(request, pattern);
                    }
                    admission
                }
            },
            #[cfg(feature = "rules")]
            Plan::Rules(rules) => self.admit_by_rules(request, rules),
        }
    }

    #[cfg(feature = "rules")]
    fn admit_by_rules(&self, request: &RequestParts<'_>, rules: &Rules) -> Admission<C> {
        let (original, current) = (request.original_path(), request.current_path());
        let (first, second) = match self.0.paths {
            RulePaths::Original => (original, None),
            RulePaths::Current => (current, None),
            RulePaths::Both => (original, Some(current).filter(|it| *it != original)),
        };
        let found = match rules.find(request.method, first) {
            Ok(found) => found,
            Err(why) => return self.no_rule(request, first, why),
        };
        let Some(second) = second else {
            return self.admit_by_rule(request, &found);
        };
        match rules.find(request.method, second) {
            Ok(other) => match self.admit_by_rule(request, &found) {
                Admission::Ready(Ok(caller)) => {
                    // A caller that one of the two rules has verified is known to the handler.
                    match (self.admit_by_rule(request, &other), caller) {
                        (Admission::Ready(Ok(None)), caller) => Admission::Ready(Ok(caller)),
                        (admission, _) => admission,
                    }
                }
                Admission::Pending(pending) => match other {
                    (Access::Public, _) => Admission::Pending(pending),
                    (Access::Policy { policy, .. }, params) => {
                        let request = request.with_path_params(&params);
                        let parts = super::owned_parts(&request, policy);
                        Admission::Pending(pending.and(policy.clone(), parts))
                    }
                },
                refused => refused,
            },
            Err(why) => self.no_rule(request, second, why),
        }
    }

    #[cfg(feature = "rules")]
    fn admit_by_rule(
        &self,
        request: &RequestParts<'_>,
        (access, params): &(&Access, Matched<'_, '_>),
    ) -> Admission<C> {
        match access {
            Access::Public => Admission::Ready(Ok(None)),
            Access::Policy { policy, optional } => {
                self.decide(&request.with_path_params(params), policy, *optional)
            }
        }
    }

    #[cfg(feature = "rules")]
    fn no_rule(&self, request: &RequestParts<'_>, path: &str, why: &'static str) -> Admission<C> {
        events::no_rule(request, path, why);
        self.decide(&request.without_path_params(), &deny(), false)
    }

    /// Nobody can meet a policy that asks for a path parameter which the route does not have.
    fn complain_about_params(request: &RequestParts<'_>, policy: &Policy) {
        // A parameter that is not UTF-8 is not told by routers: it may be there.
        if decode(request.original_path()).is_none() {
            return;
        }
        let missing =
            (policy.path_params().into_iter()).find(|name| request.path_param(name).is_none());
        if let Some(name) = missing {
            events::missing_path_param(request, name);
        }
    }

    fn decide(&self, request: &RequestParts<'_>, policy: &Policy, optional: bool) -> Admission<C> {
        if optional && self.0.authorizer.has_no_token(request) {
            return Admission::Ready(Ok(None));
        }
        self.0.authorizer.decide(request, policy)
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
            preflights: self.preflights.clone(),
            paths: self.paths,
            wanted_scope: self.wanted_scope.clone(),
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
