use std::convert::Infallible;

use authz_core::{Authorizer, Policy};
use axum::routing::MethodRouter;
use serde::de::DeserializeOwned;
use utoipa::openapi::{Paths, RefOr, Schema};

use super::DocumentPolicy as _;
use crate::RequireExt as _;

/// Adds `require` to the routes that utoipa-axum's macro `routes!` returns.
pub trait RequireRoutesExt: Sized {
    /// Protects the routes with `policy`, like a [layer](crate::RequireExt::require) that `route_layer` applies, and
    /// documents the policy in their operations.
    ///
    /// Apply it before utoipa-axum nests or merges the routes. Each call adds a requirement.
    #[must_use]
    fn require<C>(self, authorizer: &Authorizer<C>, policy: Policy) -> Self
    where
        C: DeserializeOwned + Send + Sync + 'static;
}

impl<S> RequireRoutesExt
    for (
        Vec<(String, RefOr<Schema>)>,
        Paths,
        MethodRouter<S, Infallible>,
    )
where
    S: Clone + Send + Sync + 'static,
{
    fn require<C>(self, authorizer: &Authorizer<C>, policy: Policy) -> Self
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let (schemas, mut paths, router) = self;
        paths.require(&policy);
        (
            schemas,
            paths,
            router.route_layer(authorizer.require(policy)),
        )
    }
}
