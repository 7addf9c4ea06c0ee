use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use crate::clock::later;

/// Remembers `kid`s that recent fetches did not find. The first search is repeated soon, because a
/// key may be published just after its first token. Each further search waits twice as long.
///
/// The size is limited. Further `kid`s are not remembered.
#[derive(Debug)]
pub(crate) struct UnknownKids {
    /// The longest wait between two searches.
    max_wait: Duration,
    /// `kid`s are untrusted and may be long, so a keyed hash represents each. A collision only
    /// rejects one of them until the entry ends, and can't be provoked.
    hasher: RandomState,
    looked_for: HashMap<u64, LookedFor>,
}

#[derive(Clone, Copy, Debug)]
struct LookedFor {
    wait: Duration,
    /// No search starts before this time.
    until: Instant,
}

impl UnknownKids {
    const CAPACITY: usize = 256;

    /// The wait after the first search. A random time of up to the same length is added.
    const FIRST_WAIT: Duration = Duration::from_secs(1);

    pub(crate) fn new(max_wait: Duration) -> Self {
        Self {
            max_wait,
            hasher: RandomState::new(),
            looked_for: HashMap::new(),
        }
    }

    pub(crate) fn contains(&self, kid: Option<&str>, now: Instant) -> bool {
        self.looked_for
            .get(&self.hasher.hash_one(kid))
            .is_some_and(|it| now < it.until)
    }

    /// Records that a fetch did not find the key `kid`.
    pub(crate) fn remember(&mut self, kid: Option<&str>, now: Instant) {
        let kid = self.hasher.hash_one(kid);
        let wait = match self.looked_for.get(&kid) {
            // Another request that waited for the same fetch has recorded it.
            Some(it) if now < it.until => return,
            Some(it) if !it.is_forgotten(now, self.max_wait) => it.wait.saturating_mul(2),
            _ => Self::FIRST_WAIT + Self::FIRST_WAIT.mul_f64(fastrand::f64()),
        };
        if self.looked_for.len() >= Self::CAPACITY {
            let max_wait = self.max_wait;
            self.looked_for
                .retain(|_, it| !it.is_forgotten(now, max_wait));
        }
        let wait = wait.min(self.max_wait);
        let until = later(now, wait);
        if self.looked_for.len() < Self::CAPACITY || self.looked_for.contains_key(&kid) {
            self.looked_for.insert(kid, LookedFor { wait, until });
        }
    }
}

impl LookedFor {
    fn is_forgotten(&self, now: Instant, max_wait: Duration) -> bool {
        now >= later(self.until, max_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_unknown_kids_is_bounded() {
        let now = Instant::now();
        let mut kids = UnknownKids::new(Duration::from_secs(12));
        for i in 0..10_000 {
            kids.remember(Some(&i.to_string()), now);
        }
        assert_eq!(kids.looked_for.len(), UnknownKids::CAPACITY);
        assert!(kids.contains(Some("0"), now));
        assert!(!kids.contains(None, now));
        let later = now + Duration::from_secs(60);
        kids.remember(None, later);
        assert_eq!(kids.looked_for.len(), 1);
    }

    #[test]
    fn looks_again_soon_and_then_less_often() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut kids = UnknownKids::new(ms(12_000));
        let mut now = start;
        for range in [
            1000..=2000,
            2000..=4000,
            4000..=8000,
            8000..=12_000,
            12_000..=12_000,
            12_000..=12_000,
        ] {
            kids.remember(Some("a"), now);
            // A second request that waited for the same fetch.
            kids.remember(Some("a"), now);
            assert!(kids.contains(Some("a"), now + ms(*range.start()) - ms(1)));
            assert!(!kids.contains(Some("a"), now + ms(*range.end())));
            now += ms(*range.end());
        }
        kids.remember(Some("a"), now + ms(60_000));
        assert!(!kids.contains(Some("a"), now + ms(62_000)));
    }
}
