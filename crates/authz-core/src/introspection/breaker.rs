use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::error::IntrospectionError;
use crate::clock::later;

/// Holds calls back while they fail, so that an issuer in trouble gets few and requests get their 503 at once.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    held_until: Option<Instant>,
    last: Option<Arc<IntrospectionError>>,
}

impl Breaker {
    /// Single failures have no effect: one request of many may meet a broken connection.
    const FAILURES: u32 = 3;
    const FIRST_WAIT: Duration = Duration::from_secs(1);
    const MAX_WAIT: Duration = Duration::from_secs(30);

    /// Returns the error for a call at `now` while calls are held back.
    pub(super) fn held(&self, now: Instant) -> Option<IntrospectionError> {
        let wait = self.held_until?.saturating_duration_since(now);
        (!wait.is_zero()).then(|| IntrospectionError::held(self.last.as_deref(), wait))
    }

    /// Starts a call. After a pause, the first call tries alone whether the issuer answers again.
    pub(super) fn start(&mut self, now: Instant, timeout: Duration) {
        if self.held_until.is_some() {
            self.held_until = Some(later(now, timeout));
        }
    }

    /// The call that would have tried was not needed: the next one tries.
    pub(super) fn not_needed(&mut self, now: Instant) {
        if self.held_until.is_some() {
            self.held_until = Some(now);
        }
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, error: &Arc<IntrospectionError>, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if error.holds || self.failures >= Self::FAILURES {
            let doublings = self.failures.saturating_sub(Self::FAILURES).min(16);
            let wait = Self::FIRST_WAIT.saturating_mul(1 << doublings);
            let wait = wait.max(error.retry_after).min(Self::MAX_WAIT);
            self.held_until = Some(later(now, wait));
        }
        self.last = Some(Arc::clone(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_held_back_longer_with_each_failure_and_one_tries_again() {
        let timeout = Duration::from_secs(5);
        let error = Arc::new(IntrospectionError::timeout(timeout));
        let mut breaker = Breaker::default();
        let mut now = Instant::now();
        for _ in 0..2 {
            breaker.failed(&error, now);
            assert!(breaker.held(now).is_none());
        }
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            breaker.start(now, timeout);
            breaker.failed(&error, now);
            let wait = Duration::from_secs(seconds);
            assert_eq!(breaker.held(now).unwrap().retry_after, wait);
            now += wait;
            assert!(breaker.held(now).is_none());
        }
        breaker.start(now, timeout);
        assert!(breaker.held(now).is_some(), "one call tries alone");
        breaker.not_needed(now);
        assert!(breaker.held(now).is_none(), "the next call tries");
        breaker.start(now, timeout);
        assert!(breaker.held(now).is_some(), "one call tries alone");
        breaker.succeeded();
        assert!(breaker.held(now).is_none());
        breaker.failed(&error, now);
        assert!(breaker.held(now).is_none(), "a single failure again");
    }
}
