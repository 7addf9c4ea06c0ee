use std::fmt;

use authz_core::{Authorizer, Claims, MetadataError, Policy, PolicyGuard};
#[cfg(feature = "rules")]
use authz_core::{RulePaths, RulesGuard, rules::Rules};
use axum::Router;
use http::Method;
use tower_layer::Layer;

use crate::{metadata, service::AuthorizationService};

/// Gives an [`Authorizer`] its `require` and `metadata_routes`. Sealed: nothing else implements it.
pub trait RequireExt<C>: sealed::Sealed {
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

    /// Returns a router that serves the [metadata](crate::ResourceMetadata) of this API (RFC 9728) at its
    /// [own path](crate::ResourceMetadata::path), to be merged into the application's outermost router.
    ///
    /// ```
    /// # use authz_axum::Issuer;
    /// use authz_axum::{Authorizer, RequireExt as _, scope};
    /// use axum::{Router, routing::get};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let issuer = Issuer::new("https://login.example");
    /// let authorizer = Authorizer::builder()
    ///     .issuer(issuer)
    ///     .resource("https://api.example")
    ///     .build()?;
    /// let app: Router = Router::new()
    ///     .route("/messages", get(|| async { "[]" }))
    ///     .layer(authorizer.require(scope("read:messages")))
    ///     .merge(authorizer.metadata_routes()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The routes answer `GET`, `HEAD` and CORS preflights of every origin, without a token. A layer of the
    /// application covers them if they are merged before it is added: a guard would then ask for a token,
    /// and a CORS layer would apply its own origins. Within a nested router the routes respond with 404, and
    /// the log names the right path.
    ///
    /// # Errors
    ///
    /// If the authorizer does not have a [resource](crate::AuthorizerBuilder::resource).
    fn metadata_routes<S: Clone + Send + Sync + 'static>(&self)
    -> Result<Router<S>, MetadataError>;
}

/// Gives an [`Authorizer`] its `rules`. Sealed: nothing else implements it.
#[cfg(feature = "rules")]
pub trait RulesExt<C>: sealed::Sealed {
    /// Returns a layer for a whole router that allows the requests that a table of rules allows.
    ///
    /// ```
    /// use authz_axum::{Authorizer, RulesExt as _, rules::{Rules, RulesError}};
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
    fn rules(&self, rules: Rules) -> RulesLayer<C>;
}

/// Allows requests whose token satisfies a policy. Made by [`RequireExt::require`].
///
/// A [`tower_layer::Layer`] for routers, single routes, and any other service over http's types
/// whose response body can be made from a `String`.
#[must_use = "a layer protects nothing until it is applied"]
pub struct AuthorizationLayer<C = Claims> {
    guard: PolicyGuard<C>,
}

/// Allows the requests that a table of rules allows. Made by [`RulesExt::rules`].
#[cfg(feature = "rules")]
#[must_use = "a layer protects nothing until it is applied"]
pub struct RulesLayer<C = Claims> {
    guard: RulesGuard<C>,
}

mod sealed {
    pub trait Sealed {}

    impl<C> Sealed for authz_core::Authorizer<C> {}
}

impl<C> RequireExt<C> for Authorizer<C> {
    fn require(&self, policy: Policy) -> AuthorizationLayer<C> {
        AuthorizationLayer::new(self, policy)
    }

    fn metadata_routes<S: Clone + Send + Sync + 'static>(
        &self,
    ) -> Result<Router<S>, MetadataError> {
        metadata::routes(self.resource_metadata())
    }
}

#[cfg(feature = "rules")]
impl<C> RulesExt<C> for Authorizer<C> {
    fn rules(&self, rules: Rules) -> RulesLayer<C> {
        RulesLayer::new(self, rules)
    }
}

impl<C> AuthorizationLayer<C> {
    /// Allows requests whose token satisfies `policy` and rejects the rest. The same as
    /// [`RequireExt::require`].
    pub fn new(authorizer: &Authorizer<C>, policy: Policy) -> Self {
        Self {
            guard: authorizer.guard(policy),
        }
    }

    /// Lets requests without a token pass, too. A bad token is refused all the same.
    pub fn optional(self) -> Self {
        Self {
            guard: self.guard.optional(),
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

#[cfg(feature = "rules")]
impl<C> RulesLayer<C> {
    /// Allows the requests that `rules` allow. The same as [`RulesExt::rules`].
    pub fn new(authorizer: &Authorizer<C>, rules: Rules) -> Self {
        Self {
            guard: authorizer.guard_rules(rules),
        }
    }

    /// Which path the rules look at, if nested routers or rewrites come before this layer. Default:
    /// [`RulePaths::Both`].
    pub fn rule_paths(self, paths: RulePaths) -> Self {
        Self {
            guard: self.guard.paths(paths),
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
        AuthorizationService::new(inner, self.guard.clone().into())
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

#[cfg(feature = "rules")]
impl<S, C> Layer<S> for RulesLayer<C> {
    type Service = AuthorizationService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthorizationService::new(inner, self.guard.clone().into())
    }
}

#[cfg(feature = "rules")]
impl<C> Clone for RulesLayer<C> {
    fn clone(&self) -> Self {
        Self {
            guard: self.guard.clone(),
        }
    }
}

#[cfg(feature = "rules")]
impl<C> fmt::Debug for RulesLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RulesLayer").field(&self.guard).finish()
    }
}
