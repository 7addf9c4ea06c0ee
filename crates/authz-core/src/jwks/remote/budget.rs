use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

/// Fetches that tokens with an unknown key may cause: `capacity` at once, one more per `interval`.
#[derive(Debug)]
pub(super) struct TokenBucket {
    capacity: u32,
    interval: Duration,
    /// When the bucket was or will be full: every token taken moves it one interval further.
    full_at: Option<Instant>,
}

/// Key identifiers lately looked for in vain. Bounded: what does not fit is only forgotten.
#[derive(Debug)]
pub(super) struct UnknownKids {
    /// Identifiers come from strangers and may be long: a keyed hash stands for each. Two that
    /// collide cost one of them a refusal until the entry ends, and can't be found from outside.
    hasher: RandomState,
    until: HashMap<u64, Instant>,
}

impl TokenBucket {
    pub(super) fn new(capacity: u32, interval: Duration) -> Self {
        Self {
            capacity: capacity.max(1),
            interval,
            full_at: None,
        }
    }

    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.next(now) > Duration::ZERO {
            return false;
        }
        self.full_at = Some(self.full_at.map_or(now, |at| at.max(now)) + self.interval);
        true
    }

    /// Time until there is a token to take.
    pub(super) fn next(&self, now: Instant) -> Duration {
        let Some(full_at) = self.full_at else {
            return Duration::ZERO;
        };
        let to_fill = full_at.saturating_duration_since(now);
        to_fill.saturating_sub(self.interval * (self.capacity - 1))
    }
}

impl UnknownKids {
    const CAPACITY: usize = 1024;

    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            until: HashMap::new(),
        }
    }

    pub(super) fn contains(&self, kid: Option<&str>, now: Instant) -> bool {
        self.until
            .get(&self.hasher.hash_one(kid))
            .is_some_and(|until| now < *until)
    }

    pub(super) fn remember(&mut self, kid: Option<&str>, now: Instant, until: Instant) {
        if self.until.len() >= Self::CAPACITY {
            self.until.retain(|_, until| now < *until);
        }
        if self.until.len() < Self::CAPACITY {
            self.until.insert(self.hasher.hash_one(kid), until);
        }
    }

    /// A newer set may hold what an older one did not.
    pub(super) fn clear(&mut self) {
        self.until.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_its_capacity_at_once_and_then_one_per_interval() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(5, Duration::from_secs(12));
        let taken = (0..8).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 5);
        assert_eq!(bucket.next(start), Duration::from_secs(12));
        assert!(!bucket.take(start + Duration::from_millis(11_999)));
        assert!(bucket.take(start + Duration::from_secs(12)));
        assert!(!bucket.take(start + Duration::from_secs(12)));
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..8).filter(|_| bucket.take(later)).count(), 5);
    }

    #[test]
    fn memory_of_unknown_kids_is_bounded() {
        let now = Instant::now();
        let mut kids = UnknownKids::new();
        for i in 0..10_000 {
            kids.remember(Some(&i.to_string()), now, now + Duration::from_secs(12));
        }
        assert_eq!(kids.until.len(), UnknownKids::CAPACITY);
        assert!(kids.contains(Some("0"), now));
        assert!(!kids.contains(Some("0"), now + Duration::from_secs(12)));
        assert!(!kids.contains(None, now));
    }
}
