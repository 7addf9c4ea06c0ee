#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For the library only: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod dpop;
mod error;
mod extract;
mod metadata;
mod middleware;
#[cfg(feature = "poem-openapi")]
pub mod openapi;
mod original_uri;

pub use authz_core;
pub use authz_core::prelude::*;
pub use authz_core::{Admitted, MissingGuard};

#[cfg(feature = "rules")]
pub use crate::middleware::{RulesExt, RulesMiddleware};
pub use crate::{
    dpop::{DpopEndpoint, DpopMiddleware},
    error::AuthorizationError,
    extract::{Authorized, FromData, MaybeAuthorized, Scoped},
    middleware::{AuthorizationEndpoint, AuthorizationMiddleware, RequireExt},
};
