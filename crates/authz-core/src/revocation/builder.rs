use std::{sync::Arc, time::Duration};

use super::{list::Revocations, table::Table};
use crate::clock::{Clock, SystemClock};

/// Builds [`Revocations`].
#[derive(Debug)]
#[must_use]
pub struct RevocationsBuilder {
    max_bytes: usize,
    outage_window: Duration,
    clock: Arc<dyn Clock>,
}

impl Revocations {
    /// Creates an empty list with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Creates a builder.
    pub fn builder() -> RevocationsBuilder {
        RevocationsBuilder::new()
    }
}

impl RevocationsBuilder {
    fn new() -> Self {
        Self {
            max_bytes: 64 * 1024 * 1024,
            outage_window: Duration::ZERO,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the maximum memory of the entries in bytes. Default: 64 MiB, which is room for 883,000 entries.
    /// A full list returns [`RevocationsFull`](super::RevocationsFull) and keeps what it has.
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how long requests are still decided, by the entries at hand, after a [`Feed`](super::Feed) has
    /// exceeded its staleness. Then they get 503 until the feed is in step again. Default: zero.
    /// [`Duration::MAX`] decides forever.
    pub const fn outage_window(mut self, window: Duration) -> Self {
        self.outage_window = window;
        self
    }

    /// Sets the clock for the end of entries. Default: the system clock. Use the authorizer's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Creates the list.
    #[must_use]
    pub fn build(self) -> Revocations {
        let max_entries = self.max_bytes / Table::ENTRY_BYTES;
        Revocations::with(max_entries, self.outage_window, self.clock)
    }
}

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}
