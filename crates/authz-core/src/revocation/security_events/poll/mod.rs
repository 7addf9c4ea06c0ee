//! Delivery by poll (RFC 8936): this API asks the transmitter, so that no endpoint of its own is reachable.

mod builder;
mod error;
mod message;
mod poller;
mod task;

pub use self::{builder::EventPollerBuilder, poller::EventPoller};
