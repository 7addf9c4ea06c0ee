use std::{cell::Cell, time::Instant};

use super::{issuer::IssuerMetrics, recorded::ApiMetrics};
use crate::rejection::Reason;

/// Measures a decision about a token.
///
/// Reading the clock twice takes as long as a third of a decision from the cache. So of those
/// decisions, every 16th of a thread is measured, and recorded 16 times. All others are measured.
pub(crate) struct Timer {
    started: Option<Instant>,
    times: usize,
}

const SAMPLE: u8 = 16;

thread_local! {
    /// Decisions from the cache since the last one that was measured.
    static NOT_MEASURED: Cell<u8> = const { Cell::new(0) };
}

impl Timer {
    pub(crate) fn start() -> Self {
        let next = NOT_MEASURED.get() + 1;
        Self {
            started: (next == SAMPLE).then(Instant::now),
            times: 0,
        }
    }

    /// Notes whether the token is cached. Without this call, nothing is recorded.
    pub(crate) fn looked_up(&mut self, hit: bool) {
        if !hit {
            self.started.get_or_insert_with(Instant::now);
            self.times = 1;
        } else if self.started.is_some() {
            NOT_MEASURED.set(0);
            self.times = usize::from(SAMPLE);
        } else {
            NOT_MEASURED.set(NOT_MEASURED.get() + 1);
        }
    }

    /// Records the time, and counts an allowed decision. The refused ones are counted with their log
    /// event.
    pub(crate) fn decided(self, metrics: &ApiMetrics, decision: Result<&IssuerMetrics, Reason>) {
        if let Ok(issuer) = decision {
            issuer.allowed();
        }
        let Some(started) = self.started.filter(|_| self.times > 0) else {
            return;
        };
        let histogram = match decision {
            Ok(_) => &metrics.allowed,
            Err(reason) if reason.is_unavailable() => &metrics.unavailable,
            Err(_) => &metrics.refused,
        };
        histogram.record_many(started.elapsed(), self.times);
    }
}
