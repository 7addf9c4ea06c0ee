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
    /// The name asked for most often of those that wait.
    first: Option<Waiting>,
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

    /// A name that is not asked for any more does not keep others waiting longer than this.
    const PATIENCE: Duration = Duration::from_secs(10);

    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self {
            bucket: TokenBucket::new(burst, interval),
            hasher: RandomState::new(),
            newer: HashMap::new(),
            older: HashMap::new(),
            first: None,
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
        let first = self
            .first
            .filter(|it| it.name != name && now.saturating_duration_since(it.at) < Self::PATIENCE);
        let is_first = first.is_none_or(|first| requests >= first.requests);
        if is_first && self.bucket.take(now) {
            self.newer.remove(&name);
            self.older.remove(&name);
            self.first = first;
            return Ok(());
        }
        if is_first {
            let at = now;
            self.first = Some(Waiting { name, requests, at });
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
