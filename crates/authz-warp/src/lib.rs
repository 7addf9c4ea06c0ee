#![doc = include_str!("../README.md")]

mod decision;
mod method;
mod recover;
mod require;

pub use authz_core;
pub use authz_core::{
    Algorithm, Authorized, Authorizer, AuthorizerBuilder, BuildError, CacheStatus, Challenge,
    Claims, Clock, InvalidScope, Issuer, ManualClock, Policy, Reason, Rejection, RequestParts,
    RequiredScope, ResourceMetadata, Scope, ScopeClaim, Scopes, SystemClock, TokenSource,
    TokenTypes, all_scopes, any_scope, any_valid_token, jwks, jwks::KeyStatus, permission, policy,
    required_scope, rules, scope,
};

pub use crate::{
    method::get_or_head,
    recover::{AuthorizationRejection, recover},
    require::RequireExt,
};
