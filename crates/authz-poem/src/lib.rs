#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// In the libraries alone: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod error;
mod extract;
mod metadata;
mod middleware;
mod original_uri;

pub use authz_core;
pub use authz_core::{Admitted, MissingGuard};
pub use authz_core::{
    Algorithm, Authorizer, AuthorizerBuilder, BuildError, CacheStatus, Challenge, ClaimPath,
    Claims, Clock, CryptoBackend, Decision, InvalidScope, Issuer, IssuerStatus, KeyError,
    ManualClock, MetadataError, Policy, Reason, Rejection, RequestParts, RequiredScope, Resource,
    ResourceMetadata, RulePaths, Scope, ScopeClaim, Scopes, SystemClock, Tenants, TokenSource,
    TokenTypes, UnknownAlgorithm, VerificationKey, async_trait, jwks,
    jwks::KeyStatus,
    policy,
    policy::{
        PolicyError, Predicates, acr, all_scopes, amr, any_scope, any_valid_token, claim, client,
        custom, deny, group, header, issuer, max_age, method, path, permission, query, role, scope,
    },
    required_scope, rules,
};

#[cfg(feature = "rules")]
pub use crate::middleware::{RulesExt, RulesMiddleware};
pub use crate::{
    error::AuthorizationError,
    extract::{Authorized, FromData, MaybeAuthorized, Scoped},
    middleware::{AuthorizationEndpoint, AuthorizationMiddleware, RequireExt},
};
