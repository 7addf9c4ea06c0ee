//! Security event tokens (RFC 8417) that revoke tokens: a receiver for the Shared Signals Framework 1.0 with
//! events of CAEP 1.0 and RISC 1.0.

mod builder;
mod error;
mod event;
mod receiver;
mod seen;
mod subject;
mod verify;

pub use self::{
    builder::SecurityEventsBuilder,
    event::{EventKind, SecurityEvent},
    receiver::SecurityEvents,
    subject::{RevokedTokens, SubjectId},
};
