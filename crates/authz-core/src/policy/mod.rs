//! The requirements of an endpoint on a valid token.
//!
//! Policies are built in code, or parsed from text when the program starts, and evaluated for every
//! request. Both forms are equivalent, and every policy prints as its text:
//!
//! ```
//! use authz_core::policy::{Policy, claim, path, role, scope};
//!
//! let built = scope("read:messages") & (role("admin") | claim("org_id").equals(path("org")));
//! let text = r#"scope("read:messages") and (role("admin") or claim("org_id") == path("org"))"#;
//! assert_eq!(built, text.parse::<Policy>()?);
//! assert_eq!(built.to_string(), text);
//! # Ok::<(), authz_core::policy::PolicyError>(())
//! ```
//!
//! A requirement is met, not met, or unknown, because a value is missing or has an unexpected type: see
//! [`Verdict`]. A policy allows a request only if it is met, also under `not`.
//!
//! ```text
//!   functions, operators                    text
//!          |                               ^    |
//!        build                         print    parse
//!          |                               |    |
//!          +----------->  model  ----------+<---+
//!                           |
//!   claims, request ----> eval        Verdict: is the policy met?
//!                           |
//!                        explain      Decision, hint: why not? Remedy: what does the 403 ask for?
//! ```
//!
//! `scope` and `claim_path` are the names that policies and tokens have in common.

mod alternatives;
mod build;
mod claim_path;
mod eval;
mod explain;
mod model;
pub(crate) mod parse;
mod print;
mod scope;

pub use self::{
    alternatives::ScopeAlternative,
    build::{
        Predicates, acr, all_scopes, amr, any_scope, any_valid_token, claim, client, custom, deny,
        detail, group, header, issuer, max_age, member, method, path, permission, query, role,
        scope,
    },
    claim_path::{ClaimPath, InvalidClaimPath},
    eval::Verdict,
    explain::{Decision, Finding, StepUp},
    model::{Attribute, Operand, Policy},
    parse::PolicyError,
    scope::{InvalidScope, RequiredScope, Scope, Scopes},
};
pub(crate) use self::{
    eval::{ClaimSettings, ClaimsSource, EvalContext, LazyClaims},
    scope::{BadImplication, Implied, Names, OFFLINE_ACCESS},
};
