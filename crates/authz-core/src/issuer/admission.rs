//! Which new tenants are admitted, and when.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use crate::token_bucket::TokenBucket;

/// Admits new tenants at a limited rate, those first that were asked for most often.
///
/// Made-up tenants cost their author a request each, and one that was admitted has spent its
/// requests. To keep a real tenant out, strangers must send more requests for each place than the
/// real tenant's clients send in all: with `r` strange requests a second and one place a second,
/// a real tenant is admitted after `r` requests at the latest, and nearly always after two.
#[derive(Debug)]
pub(super) struct Admission {
    bucket: TokenBucket,
    /// Names come from strangers and may be long: a keyed hash stands for each.
    hasher: RandomState,
    /// How often a name was asked for lately. In two halves: when the newer is full, the older goes.
    newer: HashMap<u64, u32>,
    older: HashMap<u64, u32>,
    /// Each keeps a place from those that were asked for less often. With a single one, strangers
    /// could hold back every free place with one name that they do not use.
    waiting: Vec<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    name: u64,
    requests: u32,
    /// When it was asked for last.
    at: Instant,
}

impl Admission {
    /// Names remembered in each half.
    const HALF: usize = 4096;

    /// Names that wait at most: more than the places that become free within `PATIENCE`, by default.
    const WAITING: usize = 32;

    /// A name that is not asked for any more does not keep others waiting longer than this.
    const PATIENCE: Duration = Duration::from_secs(10);

    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self {
            bucket: TokenBucket::new(burst, interval),
            hasher: RandomState::new(),
            newer: HashMap::new(),
            older: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Whether the tenant `name`, which is asked for at `now`, is admitted.
    ///
    /// # Errors
    ///
    /// When to ask again.
    pub(super) fn admit(&mut self, name: &str, now: Instant) -> Result<(), Duration> {
        let name = self.hasher.hash_one(name);
        let requests = self.count(name);
        self.waiting
            .retain(|it| it.name != name && now.saturating_duration_since(it.at) < Self::PATIENCE);
        let before = (self.waiting.iter()).filter(|it| it.requests > requests);
        let free = self.bucket.available(now) as usize;
        if before.count() < free && self.bucket.take(now) {
            self.newer.remove(&name);
            self.older.remove(&name);
            return Ok(());
        }
        let at = now;
        self.waiting.push(Waiting { name, requests, at });
        if self.waiting.len() > Self::WAITING {
            let last = (0..self.waiting.len()).min_by_key(|index| {
                (self.waiting.get(*index)).map(|waiting| (waiting.requests, waiting.at))
            });
            last.map(|last| self.waiting.swap_remove(last));
        }
        Err(self.bucket.next(now).max(Duration::from_secs(1)))
    }

    /// Counts one request for `name`.
    fn count(&mut self, name: u64) -> u32 {
        if let Some(requests) = self.newer.get_mut(&name) {
            *requests = requests.saturating_add(1);
            return *requests;
        }
        if self.newer.len() >= Self::HALF {
            self.older = std::mem::take(&mut self.newer);
        }
        let requests = self
            .older
            .get(&name)
            .copied()
            .unwrap_or(0)
            .saturating_add(1);
        self.newer.insert(name, requests);
        requests
    }
}
