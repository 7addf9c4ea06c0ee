use std::fmt;

use authz_core::{Authorizer, Claims, MetadataError, Policy, PolicyGuard, Rejection};
#[cfg(feature = "rules")]
use authz_core::{RulePaths, RulesGuard, rules::Rules};
use axum::Router;
use http::{Method, Response, request::Parts};
use tower_layer::Layer;

use crate::{metadata, respond::DefaultResponder, service::AuthorizationService};

/// Adds `require` and `metadata_routes` to [`Authorizer`]. Sealed.
pub trait RequireExt<C>: sealed::Sealed {
    /// Returns a layer that allows requests whose token satisfies `policy` and rejects the rest.
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
    /// If the policy compares path parameters, apply the layer to a route or a router. axum's router has then
    /// matched the path:
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
    /// The routes respond to `GET`, `HEAD` and CORS preflights of every origin, without a token. Merge them after
    /// the application's layers: a guard around them would require a token, and a CORS layer would apply its own
    /// origins. Within a nested router, the routes respond with 404, and the log names the right path.
    ///
    /// # Errors
    ///
    /// If the authorizer does not have a [resource](crate::AuthorizerBuilder::resource).
    fn metadata_routes<S: Clone + Send + Sync + 'static>(&self)
    -> Result<Router<S>, MetadataError>;
}

/// Adds `rules` to [`Authorizer`]. Sealed.
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

/// Allows requests whose token satisfies a policy. Returned by [`RequireExt::require`].
///
/// A [`tower_layer::Layer`] for routers, single routes, and any other service over http's types. `R` makes the
/// responses to rejected requests. The default needs a response body that can be made from a `String`;
/// [`respond_with`](Self::respond_with) replaces it.
#[must_use = "a layer protects nothing until it is applied"]
pub struct AuthorizationLayer<C = Claims, R = DefaultResponder> {
    guard: PolicyGuard<C>,
    responder: R,
}

/// Allows the requests that a table of rules allows. Returned by [`RulesExt::rules`].
///
/// Otherwise like [`AuthorizationLayer`].
#[cfg(feature = "rules")]
#[must_use = "a layer protects nothing until it is applied"]
pub struct RulesLayer<C = Claims, R = DefaultResponder> {
    guard: RulesGuard<C>,
    responder: R,
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
    /// Creates the layer. The same as [`RequireExt::require`].
    pub fn new(authorizer: &Authorizer<C>, policy: Policy) -> Self {
        Self {
            guard: authorizer.guard(policy),
            responder: DefaultResponder,
        }
    }
}

impl<C, R> AuthorizationLayer<C, R> {
    /// Allows requests without a token, too. An invalid token is still rejected.
    pub fn optional(mut self) -> Self {
        self.guard = self.guard.optional();
        self
    }
}

#[cfg(feature = "rules")]
impl<C> RulesLayer<C> {
    /// Creates the layer. The same as [`RulesExt::rules`].
    pub fn new(authorizer: &Authorizer<C>, rules: Rules) -> Self {
        Self {
            guard: authorizer.guard_rules(rules),
            responder: DefaultResponder,
        }
    }
}

#[cfg(feature = "rules")]
impl<C, R> RulesLayer<C, R> {
    /// Sets the path that the rules are applied to, if nested routers or rewrites come before this layer.
    /// Default: [`RulePaths::Both`].
    pub fn rule_paths(mut self, paths: RulePaths) -> Self {
        self.guard = self.guard.paths(paths);
        self
    }
}

/// Implements what both layers share.
macro_rules! is_a_layer {
    ($name:ident) => {
        impl<C, R> $name<C, R> {
            /// Responds to CORS preflights with 204 and `methods` in `Allow`, instead of rejecting them. None reaches the
            /// inner service. For a service without a CORS layer, which would answer them first.
            pub fn answer_preflights<'m>(
                mut self,
                methods: impl IntoIterator<Item = &'m Method>,
            ) -> Self {
                self.guard = self.guard.answer_preflights(methods);
                self
            }

            /// Sets the function that makes the response to a rejected request from the rejection and the request's
            /// parts. The layer adds the [`Reason`](crate::Reason) to the response's extensions.
            ///
            /// Use [`without_body`](crate::without_body) for a response body that can't be made from a `String`,
            /// or a function of your own:
            ///
            /// ```
            /// use authz_axum::{Authorizer, Reason, RequireExt as _, any_valid_token};
            /// use axum::{Router, response::{IntoResponse as _, Redirect}, routing::get};
            ///
            /// fn pages(authorizer: &Authorizer) -> Router {
            ///     let signed_in = authorizer.require(any_valid_token()).respond_with(|rejection, request| {
            ///         match rejection.reason() {
            ///             Reason::MissingToken | Reason::Expired if request.method == "GET" => {
            ///                 Redirect::to("/login").into_response()
            ///             }
            ///             _ => rejection.into_response(),
            ///         }
            ///     });
            ///     Router::new().route("/account", get(|| async { "yours" }).route_layer(signed_in))
            /// }
            /// ```
            pub fn respond_with<F, B>(self, respond: F) -> $name<C, F>
            where
                F: Fn(Rejection, &Parts) -> Response<B>,
            {
                $name {
                    guard: self.guard,
                    responder: respond,
                }
            }
        }

        impl<S, C, R: Clone> Layer<S> for $name<C, R> {
            type Service = AuthorizationService<S, C, R>;

            fn layer(&self, inner: S) -> Self::Service {
                AuthorizationService {
                    inner,
                    guard: self.guard.clone().into(),
                    responder: self.responder.clone(),
                }
            }
        }

        impl<C, R: Clone> Clone for $name<C, R> {
            fn clone(&self) -> Self {
                Self {
                    guard: self.guard.clone(),
                    responder: self.responder.clone(),
                }
            }
        }

        impl<C, R> fmt::Debug for $name<C, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.guard).finish()
            }
        }
    };
}

is_a_layer!(AuthorizationLayer);
#[cfg(feature = "rules")]
is_a_layer!(RulesLayer);
