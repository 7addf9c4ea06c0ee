//! Random sequences of time, answers, requests and runtimes, held against a model of what may be
//! accepted when.
//!
//! [`history`] is the model: it knows which keys the issuer published at which times, and says what
//! must be accepted and what must be refused. [`keys`] and [`tenants`] drive the real thing beside it.

mod history;
mod keys;
mod tenants;

#[path = "../support/mod.rs"]
mod support;
mod worker;
