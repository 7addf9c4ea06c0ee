//! Security events that a transmitter delivers by poll (RFC 8936).

#[path = "../support/mod.rs"]
mod support;

mod api;
#[cfg(feature = "reqwest")]
mod endpoint;
mod schedule;
mod settings;
mod transmitter;
