use std::time::Duration;

use tokio::time::Instant;

use crate::clock::later;

/// A rate limit: `capacity` tokens at once, then one per `interval`.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    capacity: u32,
    interval: Duration,
    /// When the bucket is full again. Each token taken moves it by one interval.
    full_at: Option<Instant>,
}

impl TokenBucket {
    pub(crate) fn new(capacity: u32, interval: Duration) -> Self {
        Self {
            capacity: capacity.max(1),
            interval,
            full_at: None,
        }
    }

    /// Takes a token. Returns `false` if the bucket is empty.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if self.next(now) > Duration::ZERO {
            return false;
        }
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        self.full_at = Some(later(full_at, self.interval));
        true
    }

    /// Returns a token that was taken.
    pub(crate) fn put_back(&mut self) {
        self.full_at = self.full_at.and_then(|at| at.checked_sub(self.interval));
    }

    /// Returns the number of tokens in the bucket.
    pub(crate) fn available(&self, now: Instant) -> u32 {
        let to_fill = (self.full_at).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let missing = to_fill.as_nanos().div_ceil(self.interval.as_nanos().max(1));
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        self.capacity.saturating_sub(missing)
    }

    /// Returns the time until a token is available.
    pub(crate) fn next(&self, now: Instant) -> Duration {
        let Some(full_at) = self.full_at else {
            return Duration::ZERO;
        };
        let to_fill = full_at.saturating_duration_since(now);
        to_fill.saturating_sub(self.interval.saturating_mul(self.capacity - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_its_capacity_at_once_and_then_one_per_interval() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(5, Duration::from_secs(12));
        assert_eq!(bucket.available(start), 5);
        let taken = (0..8).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 5);
        assert_eq!(bucket.next(start), Duration::from_secs(12));
        assert!(!bucket.take(start + Duration::from_millis(11_999)));
        assert_eq!(bucket.available(start + Duration::from_millis(11_999)), 0);
        assert_eq!(bucket.available(start + Duration::from_secs(24)), 2);
        assert!(bucket.take(start + Duration::from_secs(12)));
        assert!(!bucket.take(start + Duration::from_secs(12)));
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..8).filter(|_| bucket.take(later)).count(), 5);
        bucket.put_back();
        assert_eq!((0..8).filter(|_| bucket.take(later)).count(), 1);
    }
}
