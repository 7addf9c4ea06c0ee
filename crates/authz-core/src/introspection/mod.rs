//! Asks the issuer about tokens that can't be verified here (RFC 7662, RFC 9701).
//!
//! A token goes to one issuer only: the one that its `iss` names, the one whose prefix it has, or the only
//! one that introspects. Before a call, the token must not be among the [recent](introspector) answers, and
//! it needs a place in a [budget](budget) and among the concurrent calls. All requests with the same token
//! share one call, which runs in its own task, and first looks for an answer that another server has
//! [shared](shared).
//!
//! The answer is checked like the claims of a JWT. A server that fails is not the caller's fault: 503.

mod answer;
mod breaker;
mod budget;
mod client;
mod error;
mod flight;
mod introspector;
mod opaque;
mod settings;
mod shared;
mod signed;

pub(crate) use self::{
    answer::{Answer, AnswerContent},
    error::IntrospectionError,
    introspector::Introspector,
    opaque::{has_jose_header, is_b64_token, overlap},
    settings::IntrospectedTokens,
    signed::ResponseKeys,
};
pub use self::{
    client::{AssertionSigner, ClientAuthentication},
    settings::Introspection,
    shared::{AnswerId, IntrospectionCache, IntrospectionCacheKey, InvalidCacheKey},
};
