#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// In the libraries alone: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod extract;
mod future;
mod layer;
mod path_params;
mod service;

pub use authz_core;
pub use authz_core::prelude::*;
pub use authz_core::{Admitted, MissingGuard};

#[cfg(feature = "rules")]
pub use crate::layer::{RulesExt, RulesLayer};
pub use crate::{
    extract::{AuthorizationRejection, Authorized, FromState, Scoped},
    future::ResponseFuture,
    layer::{AuthorizationLayer, RequireExt},
    service::AuthorizationService,
};
