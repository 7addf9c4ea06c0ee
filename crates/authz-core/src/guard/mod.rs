//! Protects a route or a whole service: an authorizer and the requirements on requests.

mod admitted;
// Implements what both kinds of guards share.
macro_rules! becomes_a_guard {
    ($name:ident) => {
        impl<C> $name<C> {
            /// Answers CORS preflights: see [`Guard::answer_preflights`].
            #[must_use]
            pub fn answer_preflights<'m>(
                self,
                methods: impl IntoIterator<Item = &'m http::Method>,
            ) -> Self {
                Self(self.0.answer_preflights(methods))
            }
        }

        impl<C> From<$name<C>> for Guard<C> {
            fn from(guard: $name<C>) -> Self {
                guard.0
            }
        }

        impl<C> std::ops::Deref for $name<C> {
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

        impl<C> std::fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

mod policy;
#[cfg(feature = "rules")]
mod rules;

use std::{fmt, sync::Arc};

use http::{Extensions, HeaderValue, Method};
use serde::de::DeserializeOwned;

#[cfg(feature = "rules")]
pub use self::rules::RulesGuard;
pub use self::{
    admitted::{Admitted, MissingGuard},
    policy::PolicyGuard,
};
#[cfg(feature = "rules")]
use crate::rules::Rules;
use crate::{
    authorizer::{Admission, Authorizer, events},
    bearer::TokenSource,
    claims::Claims,
    dpop::CheckedProof,
    policy::Policy,
    rejection::Rejection,
    request::RequestParts,
    rules::{PathPattern, decode, is_plain},
};

/// Protects a route or a whole service. Converted from a [`PolicyGuard`] or a `RulesGuard`.
///
/// Each adapter's middleware wraps a guard for its framework.
pub struct Guard<C = Claims>(Arc<GuardState<C>>);

/// Behind an `Arc`, because frameworks clone a middleware for every request.
struct GuardState<C> {
    authorizer: Authorizer<C>,
    plan: Plan,
    /// The `Allow` header for preflights, if the guard answers them.
    preflights: Option<HeaderValue>,
    paths: RulePaths,
    /// The scopes that a caller without a token should request.
    wanted_scope: Option<Arc<str>>,
}

/// The path that a table of rules matches, if a nested router or a rewrite has changed it before the
/// guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RulePaths {
    /// Both paths: the rules must allow the request by the path that the client sent and by the path
    /// at the guard. Safe with any router or rewrite before the guard.
    #[default]
    Both,
    /// The path that the client sent. For a guard within a nested router, with rules for whole paths and
    /// without rewrites.
    Original,
    /// The path at the guard, after nested routers and rewrites. It is the path that will be served.
    Current,
}

/// The requirements on a request.
#[derive(Clone, Debug)]
enum Plan {
    Policy {
        policy: Policy,
        optional: bool,
        /// Whether the policy requires path parameters.
        params: bool,
        /// Finds the path parameters, if the framework does not provide them.
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

impl<C> Guard<C> {
    fn with(authorizer: Authorizer<C>, plan: Plan, wanted_scope: Option<Arc<str>>) -> Self {
        Self(Arc::new(GuardState {
            authorizer,
            plan,
            preflights: None,
            paths: RulePaths::default(),
            wanted_scope,
        }))
    }

    fn change(&mut self) -> &mut GuardState<C> {
        Arc::make_mut(&mut self.0)
    }

    /// Answers CORS preflights with 204 and `methods` in `Allow`, instead of rejecting them. None reaches
    /// the handler. For services without a CORS layer, which would answer them first. The answer does not
    /// allow pages of other origins to call the API.
    #[must_use]
    pub fn answer_preflights<'m>(mut self, methods: impl IntoIterator<Item = &'m Method>) -> Self {
        let methods: Vec<_> = methods.into_iter().map(Method::as_str).collect();
        // Methods are tokens: always a header value.
        let allow = HeaderValue::try_from(methods.join(", ")).ok();
        self.change().preflights = allow.or_else(|| Some(HeaderValue::from_static("")));
        self
    }

    /// Returns the authorizer.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer<C> {
        &self.0.authorizer
    }

    /// Returns `true` if decisions depend on the query. Otherwise, an adapter does not need to look it up.
    #[must_use]
    pub fn reads_query(&self) -> bool {
        let sources = &self.0.authorizer.state.sources;
        let policies = match &self.0.plan {
            Plan::Policy { policy, .. } => policy.reads_query(),
            #[cfg(feature = "rules")]
            Plan::Rules(rules) => rules.read_query(),
        };
        policies || sources.others.iter().any(TokenSource::is_query)
    }

    /// Returns `true` if requests may have a DPoP proof. Otherwise, an adapter does not need a
    /// [`CheckedProof`].
    #[must_use]
    pub fn checks_proofs(&self) -> bool {
        self.0.authorizer.state.proofs.is_some()
    }

    /// Puts a [`CheckedProof`] into the extensions of a request that may have a proof: all guards
    /// of the request share it, because a proof is accepted once.
    #[inline]
    pub fn share_proof(&self, extensions: &mut Extensions) {
        if self.checks_proofs() {
            extensions.get_or_insert_default::<CheckedProof>();
        }
    }

    /// Returns `true` if decisions depend on the client's certificate. Otherwise, an adapter does not need to
    /// look up the certificate and the address of the connection.
    #[must_use]
    pub fn reads_client_certificate(&self) -> bool {
        self.0.authorizer.state.reads_certificate
    }

    /// Returns `true` if decisions depend on the request's path.
    #[must_use]
    pub fn reads_path(&self) -> bool {
        if self.checks_proofs() {
            return true;
        }
        match &self.0.plan {
            Plan::Policy { pattern, .. } => pattern.is_some(),
            #[cfg(feature = "rules")]
            Plan::Rules(_) => true,
        }
    }

    /// Returns `true` if decisions depend on the path parameters of the framework's router. Otherwise, an
    /// adapter does not need to look them up.
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

    /// Returns the policy, or `None` for a table of rules.
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
    /// Authorizes one request, without waiting if the token's key is known.
    pub fn admit(&self, request: &RequestParts<'_>) -> Admission<C> {
        if let Some(allow) = &self.0.preflights
            && request.is_preflight()
        {
            let answer = Rejection::preflight(allow.clone(), &self.0.authorizer.state.api);
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
                    // An ambiguous path matches nothing, but that is the client's fault.
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

    /// Logs an error if the policy requires a path parameter that the route does not have.
    fn complain_about_params(request: &RequestParts<'_>, policy: &Policy) {
        // Routers omit parameters that are not UTF-8, so the route may have it.
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
        if optional {
            self.0.authorizer.decide_optional(request, policy)
        } else {
            self.0.authorizer.decide(request, policy)
        }
    }
}

impl<C> Clone for Guard<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Clone for GuardState<C> {
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
