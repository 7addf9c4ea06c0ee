use std::time::Duration;

use tokio::time::Instant;

use crate::clock::later;

/// When the routine refresh is due. Knows nothing of tokens with unknown keys, and they nothing of it.
#[derive(Debug)]
pub(super) struct Schedule {
    backoff: Backoff,
    failures: u32,
    due: Instant,
    /// What the server asked for with `Retry-After`: no fetch of any kind before.
    not_before: Option<Instant>,
}

/// Waiting times between failed fetches: doubled each time, with jitter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    /// While there are keys to serve with.
    pub(super) max: Duration,
    /// While there are none: requests are being refused.
    pub(super) max_without_keys: Duration,
}

impl Schedule {
    pub(super) const fn new(now: Instant, backoff: Backoff) -> Self {
        Self {
            backoff,
            failures: 0,
            due: now,
            not_before: None,
        }
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// Whether the server asked to be left alone.
    pub(super) fn is_held_back(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }

    pub(super) fn held_back_for(&self, now: Instant) -> Duration {
        self.not_before
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Ahead of expiry by a quarter to an eighth of the lifetime: many servers that started together
    /// don't ask together.
    pub(super) fn succeeded(&mut self, now: Instant, lifetime: Duration) {
        self.failures = 0;
        self.not_before = None;
        self.due = later(now, lifetime - jitter(lifetime / 4, lifetime / 8));
    }

    pub(super) fn failed(&mut self, now: Instant, have_keys: bool, retry_after: Option<Duration>) {
        let max = if have_keys {
            self.backoff.max
        } else {
            self.backoff.max_without_keys
        };
        let wait = self
            .backoff
            .first
            .saturating_mul(1 << self.failures.min(16))
            .min(max);
        let wait = wait - jitter(wait / 5, Duration::ZERO);
        self.failures = self.failures.saturating_add(1);
        self.due = later(now, wait);
        if let Some(asked) = retry_after {
            let until = now + asked.min(Self::MAX_RETRY_AFTER);
            self.not_before = Some(until);
            self.due = self.due.max(until);
        }
    }

    /// The keys lapsed at `at`: requests are rejected from now on.
    pub(super) fn lapsed(&mut self, at: Instant) {
        self.not_later_than(later(at, self.backoff.max_without_keys));
    }

    /// Undoes a delay, but for one that the server asked for.
    pub(super) fn not_later_than(&mut self, due: Instant) {
        let due = self.not_before.map_or(due, |until| due.max(until));
        self.due = self.due.min(due);
    }

    /// A server can't ask for silence longer than this: its keys might be needed.
    const MAX_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);
}

/// A random time up to `most`, and at least `least`.
fn jitter(most: Duration, least: Duration) -> Duration {
    least + (most - least).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(500),
        max: Duration::from_secs(60),
        max_without_keys: Duration::from_secs(12),
    };

    #[test]
    fn backs_off_exponentially_within_its_bounds() {
        let start = Instant::now();
        for (have_keys, max) in [(true, 60_000), (false, 12_000)] {
            let mut schedule = Schedule::new(start, BACKOFF);
            let mut ceiling = 500;
            for _ in 0..20 {
                schedule.failed(start, have_keys, None);
                let wait = schedule.due().duration_since(start);
                let bounds =
                    Duration::from_millis(ceiling * 8 / 10)..=Duration::from_millis(ceiling);
                assert!(bounds.contains(&wait), "{wait:?} not in {bounds:?}");
                ceiling = (ceiling * 2).min(max);
            }
        }
    }

    #[test]
    fn waits_as_long_as_the_server_asks_but_not_for_ever() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, BACKOFF);
        schedule.failed(start, true, Some(Duration::from_secs(90)));
        assert!(schedule.is_held_back(start + Duration::from_secs(89)));
        assert!(!schedule.is_due(start + Duration::from_secs(89)));
        assert!(schedule.is_due(start + Duration::from_secs(90)));
        schedule.failed(start, true, Some(Duration::from_secs(1_000_000)));
        assert!(schedule.is_due(start + Duration::from_secs(300)));
    }

    #[test]
    fn refreshes_ahead_of_expiry() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, BACKOFF);
        for _ in 0..100 {
            schedule.succeeded(start, Duration::from_secs(800));
            let wait = schedule.due().duration_since(start).as_secs();
            assert!((600..=700).contains(&wait), "{wait}");
        }
    }
}
