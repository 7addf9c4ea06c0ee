use std::{
    borrow::Cow,
    fmt,
    future::{Future, ready},
};

use authz_core::{
    Admission, Authorized, Authorizer, CheckedProof, Claims, Guard, MetadataError, PathParams,
    Policy, PolicyGuard, RequestParts,
};
#[cfg(feature = "rules")]
use authz_core::{RulePaths, RulesGuard, rules::Rules};
use futures_util::future::{Either, FutureExt as _};
use poem::{
    Endpoint, IntoResponse as _, Middleware, PathPattern, Request, Response, Result, Route,
    http::Method,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};

use crate::{
    error::{rejected, with_reason},
    metadata,
    original_uri::original_uri,
};

/// Adds `require` and `metadata_routes` to [`Authorizer`]. Sealed.
pub trait RequireExt<C>: sealed::Sealed {
    /// Returns a middleware that allows requests whose token satisfies `policy` and rejects the rest with an
    /// [`AuthorizationError`](crate::AuthorizationError).
    ///
    /// ```
    /// use authz_poem::{Authorizer, RequireExt as _, any_valid_token, scope};
    /// use poem::{Endpoint, EndpointExt as _, Route, get, handler};
    ///
    /// #[handler]
    /// fn messages() -> &'static str {
    ///     "[]"
    /// }
    ///
    /// fn api(authorizer: &Authorizer) -> impl Endpoint {
    ///     let read = authorizer.require(scope("read:messages"));
    ///     Route::new()
    ///         .at("/messages", get(messages).with(read))
    ///         .with(authorizer.require(any_valid_token()))
    /// }
    /// ```
    ///
    /// A policy can compare the path parameters of the routes around the endpoint:
    ///
    /// ```
    /// use authz_poem::{Authorizer, RequireExt as _, claim, path, scope};
    /// use poem::{Endpoint, EndpointExt as _, Route, get, handler};
    ///
    /// #[handler]
    /// fn messages() -> &'static str {
    ///     "[]"
    /// }
    ///
    /// fn api(authorizer: &Authorizer) -> impl Endpoint {
    ///     let member = scope("read:messages") & claim("org_id").equals(path("org"));
    ///     Route::new().at("/orgs/:org/messages", get(messages).with(authorizer.require(member)))
    /// }
    /// ```
    fn require(&self, policy: Policy) -> AuthorizationMiddleware<C>;

    /// Adds routes to `route`, the application's outermost one, that serve the
    /// [metadata](crate::ResourceMetadata) of this API (RFC 9728) at its
    /// [own path](crate::ResourceMetadata::path).
    ///
    /// ```
    /// # use authz_poem::Issuer;
    /// use authz_poem::{Authorizer, RequireExt as _, scope};
    /// use poem::{EndpointExt as _, Route, get, handler};
    ///
    /// #[handler]
    /// fn messages() -> &'static str {
    ///     "[]"
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let issuer = Issuer::new("https://login.example");
    /// let authorizer = Authorizer::builder()
    ///     .issuer(issuer)
    ///     .resource("https://api.example")
    ///     .build()?;
    /// let read = authorizer.require(scope("read:messages"));
    /// let app = authorizer.metadata_routes(Route::new().at("/messages", get(messages.with(read))))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The routes respond to `GET`, `HEAD` and CORS preflights of every origin, without a token. Do not put a
    /// middleware around the returned route: a guard would require a token, and poem's CORS middleware responds
    /// with 403 to unlisted origins. Within a nested route, the routes respond with 404, and the log names the
    /// right path.
    ///
    /// # Errors
    ///
    /// If the authorizer does not have a [resource](crate::AuthorizerBuilder::resource), or poem can't route
    /// its path: the application has a route there, or the path has `//` in it.
    fn metadata_routes(&self, route: Route) -> std::result::Result<Route, MetadataError>;
}

/// Adds `rules` to [`Authorizer`]. Sealed.
#[cfg(feature = "rules")]
pub trait RulesExt<C>: sealed::Sealed {
    /// Returns a middleware for a whole service that allows the requests that a table of rules allows.
    ///
    /// ```
    /// use authz_poem::{Authorizer, RulesExt as _, rules::{Rules, RulesError}};
    /// use poem::{Endpoint, EndpointExt as _, Route, get, handler};
    ///
    /// #[handler]
    /// fn messages() -> &'static str {
    ///     "[]"
    /// }
    ///
    /// fn api(authorizer: &Authorizer) -> Result<impl Endpoint, RulesError> {
    ///     let rules = Rules::from_toml(r#"
    ///         [[rules]]
    ///         methods = ["GET"]
    ///         path = "/orgs/{org}/messages"
    ///         policy = 'scope("read:messages") and claim("org_id") == path("org")'
    ///     "#)?;
    ///     Ok(Route::new()
    ///         .at("/orgs/:org/messages", get(messages))
    ///         .with(authorizer.rules(rules)))
    /// }
    /// ```
    fn rules(&self, rules: Rules) -> RulesMiddleware<C>;
}

/// Allows requests whose token satisfies a policy. Returned by [`RequireExt::require`].
#[must_use = "a middleware protects nothing until it is applied"]
pub struct AuthorizationMiddleware<C = Claims> {
    guard: PolicyGuard<C>,
}

/// Allows the requests that a table of rules allows. Returned by [`RulesExt::rules`].
#[cfg(feature = "rules")]
#[must_use = "a middleware protects nothing until it is applied"]
pub struct RulesMiddleware<C = Claims> {
    guard: RulesGuard<C>,
}

mod sealed {
    pub trait Sealed {}

    impl<C> Sealed for authz_core::Authorizer<C> {}
}

/// An endpoint behind an [`AuthorizationMiddleware`].
pub struct AuthorizationEndpoint<E, C = Claims> {
    inner: E,
    guard: Guard<C>,
}

impl<C> RequireExt<C> for Authorizer<C> {
    fn require(&self, policy: Policy) -> AuthorizationMiddleware<C> {
        AuthorizationMiddleware::new(self, policy)
    }

    fn metadata_routes(&self, route: Route) -> std::result::Result<Route, MetadataError> {
        metadata::routes(self.resource_metadata(), route)
    }
}

#[cfg(feature = "rules")]
impl<C> RulesExt<C> for Authorizer<C> {
    fn rules(&self, rules: Rules) -> RulesMiddleware<C> {
        RulesMiddleware::new(self, rules)
    }
}

impl<C> AuthorizationMiddleware<C> {
    /// Creates the middleware. The same as [`RequireExt::require`].
    pub fn new(authorizer: &Authorizer<C>, policy: Policy) -> Self {
        Self {
            guard: authorizer.guard(policy),
        }
    }

    /// Allows requests without a token, too. An invalid token is still rejected.
    pub fn optional(self) -> Self {
        Self {
            guard: self.guard.optional(),
        }
    }
}

#[cfg(feature = "rules")]
impl<C> RulesMiddleware<C> {
    /// Creates the middleware. The same as [`RulesExt::rules`].
    pub fn new(authorizer: &Authorizer<C>, rules: Rules) -> Self {
        Self {
            guard: authorizer.guard_rules(rules),
        }
    }

    /// Sets the path that the rules are applied to, if nested routes or rewrites come before this middleware.
    /// Default: [`RulePaths::Both`].
    pub fn rule_paths(self, paths: RulePaths) -> Self {
        Self {
            guard: self.guard.paths(paths),
        }
    }
}

/// Implements what both middlewares share.
macro_rules! is_a_middleware {
    ($name:ident) => {
        impl<C> $name<C> {
            /// Responds to CORS preflights with 204 and `methods` in `Allow`, instead of rejecting them. None reaches
            /// the endpoint. For a service without poem's `Cors`, which would answer them first.
            pub fn answer_preflights<'m>(
                self,
                methods: impl IntoIterator<Item = &'m Method>,
            ) -> Self {
                Self {
                    guard: self.guard.answer_preflights(methods),
                }
            }
        }

        impl<E, C> Middleware<E> for $name<C>
        where
            E: Endpoint,
            C: DeserializeOwned + Send + Sync + 'static,
        {
            type Output = AuthorizationEndpoint<E, C>;

            fn transform(&self, inner: E) -> Self::Output {
                AuthorizationEndpoint {
                    inner,
                    guard: self.guard.clone().into(),
                }
            }
        }

        impl<C> Clone for $name<C> {
            fn clone(&self) -> Self {
                Self {
                    guard: self.guard.clone(),
                }
            }
        }

        impl<C> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.guard).finish()
            }
        }
    };
}

is_a_middleware!(AuthorizationMiddleware);
#[cfg(feature = "rules")]
is_a_middleware!(RulesMiddleware);

impl<E, C> Endpoint for AuthorizationEndpoint<E, C>
where
    E: Endpoint,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Output = Response;

    // Not `async`, which would move the request once more. The decision is almost always immediate.
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        self.guard.share_proof(request.extensions_mut());
        let params = EndpointParams(&request);
        let mut parts = request_parts(&request, &params);
        if self.guard.reads_path()
            && let Some(original) = original_uri(&request)
        {
            parts = parts.with_original_uri(original);
        }
        if self.guard.reads_client_certificate() {
            parts = with_connection(parts, &request);
        }
        match self.guard.admit(&parts) {
            Admission::Ready(Ok(caller)) => Either::Left(self.pass(request, caller)),
            Admission::Ready(Err(rejection)) => {
                Either::Right(Either::Left(ready(Err(rejected(rejection)))))
            }
            // Boxed, because it is rare (once per key) and would enlarge every request's future.
            Admission::Pending(pending) => Either::Right(Either::Right(Box::pin(async move {
                let caller = pending.await.map_err(rejected)?;
                self.pass(request, Some(caller)).await
            }))),
        }
    }
}

impl<E: Endpoint, C: Send + Sync + 'static> AuthorizationEndpoint<E, C> {
    fn pass(
        &self,
        mut request: Request,
        caller: Option<Authorized<C>>,
    ) -> impl Future<Output = Result<Response>> + Send {
        let proof: Option<CheckedProof> = request.data().cloned();
        request.set_data(self.guard.admitted(caller));
        self.inner.call(request).map(|result| {
            let mut response = result.map_err(with_reason)?.into_response();
            if let Some(proof) = proof {
                proof.finish(response.headers_mut());
            }
            Ok(response)
        })
    }
}

/// Returns the parts of a request for decisions.
pub(crate) fn request_parts<'r>(
    request: &'r Request,
    params: &'r EndpointParams<'r>,
) -> RequestParts<'r> {
    let parts = RequestParts::new(request.method(), request.uri(), request.headers());
    let parts = parts.with_path_params(params);
    let parts = match request.data() {
        Some(proof) => parts.with_checked_proof(proof),
        None => parts,
    };
    match request.data() {
        Some(PathPattern(route)) => parts.with_route(route),
        None => parts,
    }
}

/// Adds the certificate and the address of the connection.
pub(crate) fn with_connection<'r>(
    parts: RequestParts<'r>,
    request: &'r Request,
) -> RequestParts<'r> {
    let parts = parts.with_connection(request.extensions());
    match request.remote_addr().as_socket_addr() {
        Some(peer) => parts.with_peer(peer.ip()),
        None => parts,
    }
}

/// The path parameters that poem's router has matched.
pub(crate) struct EndpointParams<'r>(pub(crate) &'r Request);

impl PathParams for EndpointParams<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.0.raw_path_param(name)?;
        // Nested routes may use a name twice, which is ambiguous.
        let times = self.names().iter().filter(|it| *it == name).count();
        (times == 1).then_some(Cow::Borrowed(value))
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        let names = self
            .0
            .path_params()
            .map_or_else(|_| Vec::new(), |ParamNames(it)| it);
        names.into_iter().map(Cow::Owned).collect()
    }
}

/// The names of all parameters. poem only deserializes them as a map, which may repeat a name.
struct ParamNames(Vec<String>);

impl<'de> Deserialize<'de> for ParamNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = ParamNames;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("path parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ParamNames, A::Error> {
                let mut names = Vec::new();
                while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(ParamNames(names))
            }
        }

        deserializer.deserialize_map(All)
    }
}

impl fmt::Debug for EndpointParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params").finish_non_exhaustive()
    }
}

impl<E, C> fmt::Debug for AuthorizationEndpoint<E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationEndpoint")
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}
