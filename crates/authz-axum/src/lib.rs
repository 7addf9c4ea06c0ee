#![doc = include_str!("../README.md")]

mod extract;
mod future;
mod layer;
mod path_params;
mod service;

pub use authz_core;
pub use authz_core::{
    Admitted, Algorithm, Authorizer, AuthorizerBuilder, BuildError, CacheStatus, Challenge, Claims,
    Clock, InvalidScope, Issuer, ManualClock, Policy, Reason, Rejection, RequestParts,
    RequiredScope, ResourceMetadata, Scope, ScopeClaim, Scopes, SystemClock, TokenSource,
    TokenTypes, Unguarded, all_scopes, any_scope, any_valid_token, jwks, jwks::KeyStatus,
    permission, policy, required_scope, rules, scope,
};

pub use crate::{
    extract::{AuthorizationRejection, Authorized, FromState, Scoped},
    future::ResponseFuture,
    layer::{AuthorizationLayer, RequireExt},
    service::AuthorizationService,
};
