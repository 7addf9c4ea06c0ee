//! Tables of rules: which rule a request meets, what meets none, and which tables are refused.
#![cfg(feature = "rules")]

mod paths;
mod refused;
mod service;
#[path = "../support/mod.rs"]
mod support;
