#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For the library only: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod decision;
mod metadata;
mod method;
mod recover;
mod require;
mod service;

pub use authz_core;
pub use authz_core::Authorized;
pub use authz_core::prelude::*;

#[cfg(feature = "rules")]
pub use crate::require::RulesExt;
pub use crate::{
    method::{answer_preflights, get_or_head},
    recover::{AuthorizationRejection, recover},
    require::RequireExt,
    service::{DpopFuture, DpopService},
};
