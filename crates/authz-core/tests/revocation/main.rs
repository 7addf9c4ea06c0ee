//! Tokens that are revoked before their `exp`.

#[path = "../support/mod.rs"]
mod support;

mod api;
mod cost;
mod entries;
mod feeds;
mod lifetime;
