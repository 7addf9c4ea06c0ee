#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For the library only: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod authorizer;
mod bearer;
mod cache;
mod claims;
pub mod client_certificate;
mod clock;
mod confirmation;
mod crypto;
mod dpop;
mod guard;
mod hints;
mod introspection;
mod issuer;
mod json;
#[cfg(feature = "jsonwebtoken")]
mod jsonwebtoken;
pub mod jwks;
mod metadata;
mod metrics;
#[cfg(feature = "openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "openapi")))]
pub mod openapi;
pub mod policy;
pub mod prelude;
mod rejection;
mod request;
mod revocation;
pub mod rules;
mod token;
mod token_bucket;
mod untrusted;
mod validation;

pub use async_trait::async_trait;

#[cfg(feature = "rules")]
pub use crate::guard::RulesGuard;
#[cfg(feature = "jsonwebtoken")]
pub use crate::jsonwebtoken::UnsupportedAlgorithm;
#[cfg(feature = "status-list")]
#[cfg_attr(docsrs, doc(cfg(feature = "status-list")))]
pub use crate::revocation::StatusLists;
#[cfg(feature = "ssf")]
#[cfg_attr(docsrs, doc(cfg(feature = "ssf")))]
pub use crate::revocation::{
    EventKind, EventPoller, EventPollerBuilder, RevokedTokens, SecurityEvent, SecurityEvents,
    SecurityEventsBuilder, SubjectId,
};
pub use crate::{
    authorizer::{
        Admission, Authorized, Authorizer, AuthorizerBuilder, CacheStatus, IssuerStatus, Pending,
        WhileValid,
    },
    bearer::TokenSource,
    claims::{Claims, ScopeClaim},
    client_certificate::{
        ClientCertificate, ClientCertificateHeader, InvalidNetwork, MutualTls, PeerAddress,
        TrustedProxies,
    },
    clock::{Clock, ManualClock, SystemClock},
    confirmation::Binding,
    crypto::{
        Algorithm, CryptoBackend, KeyError, KeyErrorKind, KeyFamily, UnknownAlgorithm,
        VerificationKey,
    },
    dpop::{
        CheckedProof, Dpop, DpopProofs, InvalidNonceKey, NonceKey, ProofId, ReplayError,
        ReplayStore,
    },
    guard::{Admitted, Guard, MissingGuard, PolicyGuard, RulePaths},
    introspection::{
        AnswerId, AssertionSigner, ClientAuthentication, Introspection, IntrospectionCache,
        IntrospectionCacheKey, InvalidCacheKey,
    },
    issuer::{BuildError, BuildErrorKind, Issuer, Tenants, TokenTypes},
    metadata::{MetadataError, MetadataErrorKind, Resource, ResourceMetadata},
    policy::{
        ClaimPath, Decision, InvalidScope, Policy, RequiredScope, Scope, Scopes, all_scopes,
        any_scope, any_valid_token, permission, scope,
    },
    rejection::{Challenge, Reason, Rejection},
    request::{PathParams, RequestParts},
    revocation::{
        Feed, FeedStatus, Revocations, RevocationsBuilder, RevocationsFull, RevocationsStatus,
    },
    token::ProtectedHeader,
};
