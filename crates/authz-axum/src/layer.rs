use std::fmt;

use authz_core::{Authorizer, Claims, Guard, Policy};
use tower_layer::Layer;

use crate::service::AuthorizationService;

/// Gives an [`Authorizer`] its `require`.
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
    ///         .route("/messages", get(|| async { "[]" }).layer(read))
    ///         .route("/me", get(|| async { "you" }))
    ///         .route_layer(authorizer.require(any_valid_token()))
    /// }
    /// ```
    fn require(&self, policy: Policy) -> AuthorizationLayer<C>;
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
}

impl<C> AuthorizationLayer<C> {
    /// Lets requests without a token pass, too. A bad token is refused all the same.
    pub fn optional(self) -> Self {
        Self {
            guard: self.guard.optional(),
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
