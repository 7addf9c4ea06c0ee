#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// For the library only: tests, examples and tools may panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod builder;
mod deny_list;
mod error;
mod eviction;
mod introspection_cache;
mod link;
mod nonce_key;
mod replay;
mod target;
mod valkey;

pub use crate::{
    builder::ValkeyBuilder,
    deny_list::DenyList,
    error::{ValkeyError, ValkeyErrorKind},
    valkey::Valkey,
};
