//! The parts that the three example servers share. Each server then is its framework and the tutorial.
//!
//! [`run`] reads the configuration from the environment, starts a development issuer if none is
//! configured, listens, and hands a [`Start`] to the server. The rest are the answers: [texts](PUBLIC),
//! [`Messages`], [`me`], and the [`Problem`]s that have nothing to do with tokens.

mod answers;
mod config;
mod cors;
mod docs;
mod embedded;
mod messages;
mod metrics;
mod run;
mod store;
mod supervise;

pub use crate::{
    answers::{
        Hello, METADATA, PRIVATE, PUBLIC, Problem, READ, WRITE, allowed_methods, me,
        method_not_allowed, not_found, readiness,
    },
    cors::{Cors, CorsRoute},
    docs::Docs,
    messages::{Message, Messages, NewMessage},
    run::{Start, run},
    supervise::Shutdown,
};
