//! What the three example servers share, so that each of them is its framework and the tutorial,
//! and nothing else.
//!
//! [`run`] reads the configuration from the environment, starts a development issuer if none is
//! configured, listens, and hands a [`Start`] to the server. The rest are the answers:
//! [texts](PUBLIC), [`Messages`], [`me`](fn@me), and the [`Problem`]s that have nothing to do with
//! tokens. What has to do with tokens is the adapter's.

mod config;
mod cors;
mod embedded;
mod me;
mod messages;
mod new_message;
mod problem;
mod run;
mod supervise;
mod text;

pub use crate::{
    cors::{Cors, CorsRoute},
    me::me,
    messages::{Message, Messages},
    new_message::NewMessage,
    problem::{METADATA, Problem, allowed_methods, method_not_allowed, not_found},
    run::{Start, run},
    supervise::Shutdown,
    text::{Hello, PRIVATE, PUBLIC, READ, WRITE, readiness},
};
