use std::fmt;

#[cfg(feature = "rules")]
use authz_core::rules::Rules;
use authz_core::{Authorizer, Claims, Guard, Policy, RulePaths};
use http::Method;
use tower_layer::Layer;

use crate::service::AuthorizationService;

/// Gives an [`Authorizer`] its `require`, and `rules` with the feature of that name.
pub trait RequireExt<C> {
    /// A layer that lets pass the requests whose token satisfies `policy`, and answers the others.
    ///
    /// ```
    /// use authz_axum::{Authorizer, RequireExt as _, any_valid_token, scope};
    /// use axum::{Router, routing::get};
    ///
    /// fn api(authorizer: &Authorizer) -> Router {
    ///     let read = authorizer.require(scope("read:messages"));
    ///     Router::new()
    ///         .route("/messages", get(|| async { "[]" }).route_layer(read))
    ///         .route("/me", get(|| async { "you" }))
    ///         .route_layer(authorizer.require(any_valid_token()))
    /// }
    /// ```
    ///
    /// A policy that compares path parameters needs a layer on a route or a router, where axum's
    /// router knows them:
    ///
    /// ```
    /// use authz_axum::{Authorizer, RequireExt as _, claim, path, scope};
    /// use axum::{Router, routing::get};
    ///
    /// fn api(authorizer: &Authorizer) -> Router {
    ///     let member = scope("read:messages") & claim("org_id").equals(path("org"));
    ///     Router::new()
    ///         .route("/orgs/{org}/messages", get(|| async { "[]" }).route_layer(authorizer.require(member)))
    /// }
    /// ```
    fn require(&self, policy: Policy) -> AuthorizationLayer<C>;

    /// A layer for a whole router that lets pass the requests that a table of rules lets pass.
    ///
    /// ```
    /// use authz_axum::{Authorizer, RequireExt as _, rules::{Rules, RulesError}};
    /// use axum::{Router, routing::get};
    ///
    /// fn api(authorizer: &Authorizer) -> Result<Router, RulesError> {
    ///     let rules = Rules::from_toml(r#"
    ///         [[rules]]
    ///         methods = ["GET"]
    ///         path = "/orgs/{org}/messages"
    ///         policy = 'scope("read:messages") and claim("org_id") == path("org")'
    ///     "#)?;
    ///     Ok(Router::new()
    ///         .route("/orgs/{org}/messages", get(|| async { "[]" }))
    ///         .layer(authorizer.rules(rules)))
    /// }
    /// ```
    #[cfg(feature = "rules")]
    fn rules(&self, rules: Rules) -> AuthorizationLayer<C>;
}

/// Lets pass the requests whose token satisfies a policy. Made by [`RequireExt::require`].
///
/// A [`tower_layer::Layer`] for routers, single routes, and any other service over http's types
/// whose response body can be made from a `String`.
#[must_use = "a layer protects nothing until it is applied"]
pub struct AuthorizationLayer<C = Claims> {
    guard: Guard<C>,
}

impl<C> RequireExt<C> for Authorizer<C> {
    fn require(&self, policy: Policy) -> AuthorizationLayer<C> {
        AuthorizationLayer {
            guard: self.guard(policy),
        }
    }

    #[cfg(feature = "rules")]
    fn rules(&self, rules: Rules) -> AuthorizationLayer<C> {
        AuthorizationLayer {
            guard: self.guard_rules(rules),
        }
    }
}

impl<C> AuthorizationLayer<C> {
    /// Lets requests without a token pass, too. A bad token is refused all the same.
    pub fn optional(self) -> Self {
        Self {
            guard: self.guard.optional(),
        }
    }

    /// Which path a table of rules looks at, where nested routers or rewrites come before this
    /// layer. Default: [`RulePaths::Both`].
    pub fn rule_paths(self, paths: RulePaths) -> Self {
        Self {
            guard: self.guard.rule_paths(paths),
        }
    }

    /// Answers CORS preflights with 204 and `methods` in `Allow`, in place of rejecting them, and passes
    /// none on. For a service without a CORS layer, which would answer them before they come here.
    pub fn answer_preflights<'m>(self, methods: impl IntoIterator<Item = &'m Method>) -> Self {
        Self {
            guard: self.guard.answer_preflights(methods),
        }
    }
}

impl<S, C> Layer<S> for AuthorizationLayer<C> {
    type Service = AuthorizationService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthorizationService::new(inner, self.guard.clone())
    }
}

impl<C> Clone for AuthorizationLayer<C> {
    fn clone(&self) -> Self {
        Self {
            guard: self.guard.clone(),
        }
    }
}

impl<C> fmt::Debug for AuthorizationLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthorizationLayer")
            .field(&self.guard)
            .finish()
    }
}
