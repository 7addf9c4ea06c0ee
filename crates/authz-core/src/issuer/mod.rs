//! Trusted issuers and the settings for their tokens.
//!
//! The token's `iss` selects the issuer, by exact comparison, before any key lookup. Keys of one
//! issuer never verify another issuer's tokens.

mod admission;
mod arguments;
mod build;
mod error;
mod load_balancer;
mod profiles;
mod registry;
mod rules;
mod settings;
mod tenancy;
mod tenants;
mod trusted;

pub use self::{
    error::{BuildError, BuildErrorKind},
    rules::TokenTypes,
    settings::Issuer,
    tenants::Tenants,
};
pub(crate) use self::{
    registry::{Found, Issuers},
    rules::{AudienceRule, ClaimRule},
    tenancy::TenantStanding,
    trusted::TrustedIssuer,
};
