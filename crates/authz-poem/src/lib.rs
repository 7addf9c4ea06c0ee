#![doc = include_str!("../README.md")]

mod error;
mod extract;
mod middleware;

pub use authz_core;
pub use authz_core::{
    Admitted, Algorithm, Authorizer, AuthorizerBuilder, BuildError, CacheStatus, Challenge, Claims,
    Clock, InvalidScope, Issuer, ManualClock, Policy, Reason, Rejection, RequestParts,
    RequiredScope, ResourceMetadata, Scope, ScopeClaim, Scopes, SystemClock, TokenSource,
    TokenTypes, Unguarded, all_scopes, any_scope, any_valid_token, jwks, jwks::KeyStatus,
    permission, policy, required_scope, rules, scope,
};

pub use crate::{
    error::AuthorizationError,
    extract::{Authorized, FromData, MaybeAuthorized, Scoped},
    middleware::{AuthorizationEndpoint, AuthorizationMiddleware, RequireExt},
};
