use std::time::Duration;

use tokio::time::Instant;

use crate::clock::later;

/// Schedules the routine refresh. Tokens with unknown keys don't affect it.
#[derive(Debug)]
pub(crate) struct Schedule {
    backoff: Backoff,
    failures: u32,
    due: Instant,
    /// The server's `Retry-After`: no fetch of any kind starts before this time.
    not_before: Option<Instant>,
}

/// The waits between failed fetches, doubled each time, with jitter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    /// Maximum wait while keys are available.
    pub(crate) max: Duration,
    /// Maximum wait without keys, when requests get 503.
    pub(crate) max_without_keys: Duration,
}

impl Schedule {
    pub(crate) const fn new(now: Instant, backoff: Backoff) -> Self {
        Self {
            backoff,
            failures: 0,
            due: now,
            not_before: None,
        }
    }

    pub(crate) const fn due(&self) -> Instant {
        self.due
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// Returns `true` if the server's `Retry-After` is not over.
    pub(crate) fn is_held_back(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }

    pub(crate) fn held_back_for(&self, now: Instant) -> Duration {
        self.not_before
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Schedules the next refresh a quarter to an eighth of the lifetime before expiry. The jitter
    /// spreads the requests of servers that started together.
    pub(crate) fn succeeded(&mut self, now: Instant, lifetime: Duration) {
        self.failures = 0;
        self.not_before = None;
        self.due = later(now, lifetime - jitter(lifetime / 4, lifetime / 8));
    }

    pub(crate) fn failed(&mut self, now: Instant, have_keys: bool, retry_after: Option<Duration>) {
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

    /// Records that the keys lapsed at `at`, so requests now get 503.
    pub(crate) fn lapsed(&mut self, at: Instant) {
        self.not_later_than(later(at, self.backoff.max_without_keys));
    }

    /// Moves the next refresh forward to `due`, but not before the end of `Retry-After`.
    pub(crate) fn not_later_than(&mut self, due: Instant) {
        let due = self.not_before.map_or(due, |until| due.max(until));
        self.due = self.due.min(due);
    }

    /// Maximum `Retry-After`, because the keys may be needed.
    const MAX_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);
}

/// Returns a random duration between `least` and `most`.
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
