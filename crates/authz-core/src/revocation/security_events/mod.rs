//! Security event tokens (RFC 8417) that revoke tokens: a receiver for the Shared Signals Framework 1.0 with
//! events of CAEP 1.0 and RISC 1.0.
//!
//! [`receiver`] checks and applies events. The application passes on those that are pushed, and [`poll`] asks for them.

mod builder;
mod error;
mod event;
mod poll;
mod receiver;
mod seen;
mod subject;
mod verify;

pub use self::{
    builder::SecurityEventsBuilder,
    event::{EventKind, SecurityEvent},
    poll::{EventPoller, EventPollerBuilder},
    receiver::SecurityEvents,
    subject::{RevokedTokens, SubjectId},
};
