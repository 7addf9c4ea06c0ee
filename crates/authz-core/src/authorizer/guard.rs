use std::{fmt, ops::Deref, sync::Arc};

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

/// Protects a route or a whole service: made from a [`PolicyGuard`] or a `RulesGuard`.
///
/// Every adapter's middleware is a guard with its framework's plumbing around it.
pub struct Guard<C = Claims>(Arc<Inner<C>>);

/// Protects a route with one policy.
///
/// Dereferences to [`Guard`], and becomes one.
pub struct PolicyGuard<C = Claims>(Guard<C>);

/// Protects a whole service with a table of rules.
///
/// Dereferences to [`Guard`], and becomes one.
#[cfg(feature = "rules")]
pub struct RulesGuard<C = Claims>(Guard<C>);

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

impl Plan {
    fn as_policy(&mut self) -> Option<(&Policy, &mut bool, &mut Option<Box<PathPattern>>)> {
        match self {
            Self::Policy {
                policy,
                optional,
                pattern,
                ..
            } => Some((policy, optional, pattern)),
            #[cfg(feature = "rules")]
            Self::Rules(_) => None,
        }
    }
}

impl<C> PolicyGuard<C> {
    /// Allows requests whose token satisfies `policy` and rejects the rest.
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

    /// Takes the path parameters that the policy asks for from the request's path by `pattern`, for
    /// routers that don't tell theirs. A path that does not match has none.
    ///
    /// # Panics
    ///
    /// When the policy asks for a parameter that `pattern` does not have: it could never be met.
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

    /// Answers CORS preflights: see [`Guard::answer_preflights`].
    #[must_use]
    pub fn answer_preflights<'m>(self, methods: impl IntoIterator<Item = &'m Method>) -> Self {
        Self(self.0.answer_preflights(methods))
    }
}

#[cfg(feature = "rules")]
impl<C> RulesGuard<C> {
    /// Allows the requests that `rules` allow, by the path that the client sent and by the one that is
    /// seen here: [`paths`](Self::paths) changes that.
    #[must_use]
    pub fn new(authorizer: Authorizer<C>, rules: Rules) -> Self {
        Self(Guard::with(authorizer, Plan::Rules(rules), None))
    }

    /// Which path the rules look at. Default: [`RulePaths::Both`].
    #[must_use]
    pub fn paths(mut self, paths: RulePaths) -> Self {
        self.0.change().paths = paths;
        self
    }

    /// Answers CORS preflights: see [`Guard::answer_preflights`].
    #[must_use]
    pub fn answer_preflights<'m>(self, methods: impl IntoIterator<Item = &'m Method>) -> Self {
        Self(self.0.answer_preflights(methods))
    }
}

impl<C> Guard<C> {
    fn with(authorizer: Authorizer<C>, plan: Plan, wanted_scope: Option<Arc<str>>) -> Self {
        Self(Arc::new(Inner {
            authorizer,
            plan,
            preflights: None,
            paths: RulePaths::default(),
            wanted_scope,
        }))
    }

    fn change(&mut self) -> &mut Inner<C> {
        Arc::make_mut(&mut self.0)
    }

    /// Answers CORS preflights here, with 204 and `methods` in `Allow`, instead of rejecting them. For
    /// services without a CORS layer, which would answer them before they reach the guard: the
    /// answer does not let a page of another origin call the API. No preflight is passed on.
    #[must_use]
    pub fn answer_preflights<'m>(mut self, methods: impl IntoIterator<Item = &'m Method>) -> Self {
        let methods: Vec<_> = methods.into_iter().map(Method::as_str).collect();
        // Methods are tokens: always a header value.
        let allow = HeaderValue::try_from(methods.join(", ")).ok();
        self.change().preflights = allow.or_else(|| Some(HeaderValue::from_static("")));
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

/// What both kinds of guards have in common.
macro_rules! becomes_a_guard {
    ($name:ident) => {
        impl<C> From<$name<C>> for Guard<C> {
            fn from(guard: $name<C>) -> Self {
                guard.0
            }
        }

        impl<C> Deref for $name<C> {
            type Target = Guard<C>;

            fn deref(&self) -> &Guard<C> {
                &self.0
            }
        }

        impl<C> Clone for $name<C> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<C> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

becomes_a_guard!(PolicyGuard);
#[cfg(feature = "rules")]
becomes_a_guard!(RulesGuard);
