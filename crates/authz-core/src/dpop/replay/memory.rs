use std::{
    collections::{HashSet, VecDeque},
    fmt,
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use foldhash::fast::RandomState;

use super::{ProofId, ReplayError};
use crate::clock::{Clock, since_1970};

/// Proofs in the memory of this process, limited in bytes.
pub(in crate::dpop) struct MemoryReplayStore {
    shards: Box<[Mutex<Shard>; SHARDS]>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
    /// Maximum number of proofs in a shard.
    capacity: usize,
}

const SHARDS: usize = 16;

#[derive(Default)]
struct Shard {
    seen: HashSet<ProofId, RandomState>,
    /// The same proofs with the second from which they are not needed, in the order of insertion. One authorizer
    /// gives all of them the same time to live.
    expiry: VecDeque<(u64, ProofId)>,
}

impl MemoryReplayStore {
    /// The set is at most twice as large as its content, and so is the queue.
    const BYTES_OF_A_PROOF: usize =
        2 * (size_of::<ProofId>() + 1) + 2 * size_of::<(u64, ProofId)>();

    pub(in crate::dpop) fn new(bytes: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            shards: Box::default(),
            hasher: RandomState::default(),
            clock,
            capacity: bytes / Self::BYTES_OF_A_PROOF / SHARDS,
        }
    }

    /// Inserts a proof and returns `true` if it was not there.
    pub(super) fn insert(&self, proof: ProofId, ttl: Duration) -> Result<bool, ReplayError> {
        let now = since_1970(self.clock.now());
        // A second that has begun counts as a whole one.
        let end = (now + ttl).as_secs().saturating_add(1);
        let shard = self.hasher.hash_one(proof) as usize % SHARDS;
        let Some(shard) = self.shards.get(shard) else {
            return Ok(false);
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget_before(now.as_secs());
        if shard.seen.contains(&proof) {
            return Ok(false);
        }
        if shard.seen.len() >= self.capacity {
            let wait =
                (shard.expiry.front()).map_or(0, |(end, _)| end.saturating_sub(now.as_secs()));
            drop(shard);
            return Err(ReplayError::new(
                "the memory for proofs is full: raise `DpopProofs::replay_bytes`, or shorten `max_age`",
            )
            .with_retry_after(Duration::from_secs(wait.clamp(1, 60))));
        }
        shard.seen.insert(proof);
        shard.expiry.push_back((end, proof));
        Ok(true)
    }
}

impl Shard {
    fn forget_before(&mut self, now: u64) {
        while let Some((end, proof)) = self.expiry.front()
            && *end <= now
        {
            self.seen.remove(proof);
            self.expiry.pop_front();
        }
        // The memory of a flood is given back.
        if self.seen.capacity() > 1024 && self.seen.len() < self.seen.capacity() / 8 {
            self.seen.shrink_to(self.seen.len() * 2);
            self.expiry.shrink_to(self.expiry.len() * 2);
        }
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proofs = |it: &Mutex<Shard>| it.lock().map_or(0, |it| it.seen.len());
        f.debug_struct("MemoryReplayStore")
            .field("proofs", &self.shards.iter().map(proofs).sum::<usize>())
            .field("capacity", &(self.capacity * SHARDS))
            .finish_non_exhaustive()
    }
}
