use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

/// The `jti`s of the last events, as hashes with random keys.
#[derive(Debug, Default)]
pub(super) struct SeenEvents {
    keys: [RandomState; 2],
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    known: HashSet<[u64; 2]>,
    order: VecDeque<[u64; 2]>,
}

impl SeenEvents {
    /// An older event that is sent again has the effect that it had, so it does no harm.
    const MAX: usize = 10_000;

    pub(super) fn contains(&self, id: &str) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.known.contains(&self.hash(id))
    }

    pub(super) fn insert(&self, id: &str) {
        let hash = self.hash(id);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !last.known.insert(hash) {
            return;
        }
        last.order.push_back(hash);
        if last.order.len() > Self::MAX
            && let Some(oldest) = last.order.pop_front()
        {
            last.known.remove(&oldest);
        }
    }

    fn hash(&self, id: &str) -> [u64; 2] {
        self.keys.each_ref().map(|keys| keys.hash_one(id))
    }
}
