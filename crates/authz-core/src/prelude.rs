//! The types that an application needs. The adapters re-export all of them, so an application
//! depends only on its adapter.

#[cfg(feature = "status-list")]
pub use crate::StatusLists;
pub use crate::{
    Algorithm, AssertionSigner, Authorizer, AuthorizerBuilder, Binding, BuildError, BuildErrorKind,
    CacheStatus, Challenge, ClaimPath, Claims, ClientAuthentication, ClientCertificate,
    ClientCertificateHeader, Clock, CryptoBackend, Decision, Dpop, DpopProofs, Introspection,
    IntrospectionCacheKey, InvalidNetwork, InvalidScope, Issuer, IssuerStatus, KeyError,
    KeyErrorKind, ManualClock, MetadataError, MetadataErrorKind, MutualTls, NonceKey, Policy,
    Reason, Rejection, ReplayError, ReplayStore, RequestParts, RequiredScope, Resource,
    ResourceMetadata, Revocations, RevocationsFull, RulePaths, Scope, ScopeClaim, Scopes,
    SystemClock, Tenants, TokenSource, TokenTypes, TrustedProxies, UnknownAlgorithm,
    VerificationKey, async_trait, jwks,
    jwks::KeyStatus,
    policy,
    policy::{
        PolicyError, Predicates, acr, all_scopes, amr, any_scope, any_valid_token, claim, client,
        custom, deny, detail, group, header, issuer, max_age, member, method, path, permission,
        query, role, scope,
    },
    required_scope, rules,
};
#[cfg(feature = "ssf")]
pub use crate::{
    EventKind, EventPoller, RevokedTokens, SecurityEvent, SecurityEvents, SecurityEventsBuilder,
    SubjectId,
};
