#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For the library only: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod extract;
mod future;
mod grpc;
mod layer;
mod metadata;
#[cfg(feature = "utoipa")]
pub mod openapi;
mod path_params;
mod respond;
mod service;

pub use authz_core;
pub use authz_core::prelude::*;
pub use authz_core::{Admitted, MissingGuard};

#[cfg(feature = "rules")]
pub use crate::layer::{RulesExt, RulesLayer};
pub use crate::{
    extract::{AuthorizationRejection, Authorized, FromState, Scoped},
    future::ResponseFuture,
    grpc::is_grpc,
    layer::{AuthorizationLayer, RequireExt},
    respond::{DefaultResponder, Respond, without_body},
    service::AuthorizationService,
};
