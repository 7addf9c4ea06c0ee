//! Decides which new tenants are admitted, and when.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use crate::token_bucket::TokenBucket;

/// Admits new tenants at a limited rate, the most requested ones first.
///
/// An attacker who invents tenants spends a request on each. To keep a real tenant out, it must
/// send more requests per free place than the real tenant's clients send in total. At `r` such
/// requests and one place per second, a real tenant is admitted after at most `r` requests, and
/// nearly always after two.
#[derive(Debug)]
pub(super) struct TenantAdmission {
    bucket: TokenBucket,
    /// Names are untrusted and may be long, so a keyed hash represents each.
    hasher: RandomState,
    /// The number of recent requests per name, in two generations. When the newer is full, it
    /// replaces the older.
    newer: HashMap<u64, u32>,
    older: HashMap<u64, u32>,
    /// Each entry reserves a place against less requested names. With only one entry, an attacker
    /// could block every free place with a single name.
    waiting: Vec<WaitingName>,
}

#[derive(Clone, Copy, Debug)]
struct WaitingName {
    name: u64,
    requests: u32,
    /// The time of the last request.
    at: Instant,
}

impl TenantAdmission {
    /// Number of names in each generation.
    const HALF: usize = 4096;

    /// Maximum number of waiting names. By default, fewer places become free within `PATIENCE`.
    const WAITING: usize = 32;

    /// How long a name without further requests can keep others waiting.
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

    /// Admits the tenant `name`, which a request at `now` names, if its turn has come.
    ///
    /// # Errors
    ///
    /// Returns the time until the next attempt makes sense.
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
        self.waiting.push(WaitingName { name, requests, at });
        if self.waiting.len() > Self::WAITING {
            let last = (0..self.waiting.len()).min_by_key(|index| {
                (self.waiting.get(*index)).map(|waiting| (waiting.requests, waiting.at))
            });
            last.map(|last| self.waiting.swap_remove(last));
        }
        Err(self.bucket.next(now).max(Duration::from_secs(1)))
    }

    /// Counts a request for `name` and returns the total.
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
