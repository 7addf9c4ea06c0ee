//! Revocation of tokens before their `exp`.
//!
//! [`Revocations`] is a list in memory that an authorizer asks on every request, cached tokens included. An
//! entry takes effect with the next request, and within a second for streams that end with their token
//! ([`Authorized::while_valid`](crate::Authorized::while_valid)).
//!
//! Entries come from the application, or from a [`Feed`]: a store or an event stream that many processes
//! share. A feed has a maximum staleness. This is the bound that an application can publish: a token is dead
//! everywhere within that time, or the API stops deciding.

mod builder;
mod entries;
mod error;
mod feed;
mod fingerprint;
mod list;
#[cfg(feature = "ssf")]
mod security_events;
mod staleness;
mod status;
#[cfg(feature = "status-list")]
mod status_list;
mod table;

#[cfg(feature = "ssf")]
pub use self::security_events::{
    EventKind, EventPoller, EventPollerBuilder, RevokedTokens, SecurityEvent, SecurityEvents,
    SecurityEventsBuilder, SubjectId,
};
#[cfg(feature = "status-list")]
pub use self::status_list::StatusLists;
#[cfg(feature = "status-list")]
pub(crate) use self::status_list::{StatusListCache, TokenIssuer, TokenStatus};
pub use self::{
    builder::RevocationsBuilder,
    error::RevocationsFull,
    feed::Feed,
    list::Revocations,
    status::{FeedStatus, RevocationsStatus},
};
pub(crate) use self::{fingerprint::Fingerprints, list::RevocationStanding};
