//! Token introspection (RFC 7662, RFC 9701) through the public API: which tokens are shown to whom, what an answer
//! must say, how often the issuer is asked, and what happens if it does not answer.

mod answers;
mod faults;
mod load;
mod metadata;
mod metrics;
mod property;
mod routing;
mod server;
mod shared;
mod signed;
#[path = "../support/mod.rs"]
mod support;
