//! What the three example servers share, so that each of them is its framework and the tutorial,
//! and nothing else.
//!
//! [`run`] reads the [configuration](Config) from the environment, starts a development issuer
//! where none is configured, listens, and hands a [`Start`] to the server. The rest are the
//! answers: [`texts`](PUBLIC), [`Messages`], [`Me`], and the [`Problem`]s that have nothing to do
//! with tokens. What has to do with tokens is the adapter's.

mod announce;
mod authorizer;
mod config;
mod cors;
mod embedded;
mod logging;
mod me;
mod messages;
mod new_message;
mod problem;
mod readiness;
mod run;
mod supervise;
mod text;

pub use crate::{
    config::{Config, ConfigError, Ignored, Mistake, TrustedIssuer},
    cors::{Cors, CorsRoute},
    me::Me,
    messages::{Message, Messages},
    new_message::NewMessage,
    problem::{METADATA, Problem, allowed_methods},
    readiness::readiness,
    run::{Start, run},
    supervise::Shutdown,
    text::{Hello, PRIVATE, PUBLIC, READ, WRITE},
};
