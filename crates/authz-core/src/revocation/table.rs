use std::{
    collections::{HashMap, hash_map},
    hash::{BuildHasherDefault, Hasher},
    sync::{
        PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use crate::clock::since_1970;

/// The entries of one kind. A check reads one shard, and none if the table is empty.
#[derive(Debug)]
pub(super) struct Table {
    len: AtomicUsize,
    shards: [RwLock<EntryShard>; SHARDS],
}

/// An entry revokes tokens that were issued before a time. Times are seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct RevocationEntry {
    pub(super) issued_before: u64,
    pub(super) until: u64,
}

#[derive(Debug, Default)]
struct EntryShard {
    entries: HashMap<u128, RevocationEntry, BuildHasherDefault<LowBits>>,
    swept_at: u64,
}

/// Keys are hashes already. The shard depends on their high bits.
#[derive(Debug, Default)]
struct LowBits(u64);

const SHARDS: usize = 64;

/// Seconds between sweeps of a shard that gets new entries.
const SWEEP: u64 = 60;

/// The room that all tables share.
#[derive(Debug)]
pub(super) struct EntryBudget {
    pub(super) used: AtomicUsize,
    pub(super) max: usize,
}

impl Table {
    /// Maximum memory of an entry, in bytes: a bucket and a control byte, in a table that was doubled when
    /// it was 7/8 full.
    pub(super) const ENTRY_BYTES: usize = Self::BUCKET_BYTES * 16 / 7 + 1;
    const BUCKET_BYTES: usize = size_of::<(u128, RevocationEntry)>() + 1;

    pub(super) fn new() -> Self {
        Self {
            len: AtomicUsize::new(0),
            shards: std::array::from_fn(|_| RwLock::default()),
        }
    }

    /// Adds an entry, or extends the one that exists. Returns `false` if there is no room.
    pub(super) fn insert(
        &self,
        key: u128,
        entry: RevocationEntry,
        now: u64,
        budget: &EntryBudget,
    ) -> bool {
        let mut shard = write(self.shard(key));
        if shard.swept_at.saturating_add(SWEEP) <= now {
            self.sweep_shard(&mut shard, now, budget);
        }
        match shard.entries.entry(key) {
            hash_map::Entry::Occupied(mut found) => {
                let found = found.get_mut();
                // An entry that has ended has no effect on a later one, whether it was swept or not.
                if found.until <= now {
                    found.issued_before = 0;
                }
                // The result does not depend on the order of calls.
                found.issued_before = found.issued_before.max(entry.issued_before);
                found.until = found.until.max(entry.until);
            }
            hash_map::Entry::Vacant(place) => {
                if !budget.take() {
                    return false;
                }
                place.insert(entry);
                self.len.fetch_add(1, Ordering::SeqCst);
            }
        }
        true
    }

    /// Returns `true` if there was an entry.
    pub(super) fn remove(&self, key: u128, budget: &EntryBudget) -> bool {
        let found = write(self.shard(key)).entries.remove(&key);
        self.freed(usize::from(found.is_some()), budget);
        found.is_some()
    }

    pub(super) fn find(&self, key: u128, now: u64) -> Option<RevocationEntry> {
        if self.len.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let shard = self.shard(key);
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        (shard.entries.get(&key).copied()).filter(|entry| now < entry.until)
    }

    /// Removes the entries that have ended.
    pub(super) fn sweep(&self, now: u64, budget: &EntryBudget) {
        for shard in &self.shards {
            self.sweep_shard(&mut write(shard), now, budget);
        }
    }

    /// Returns the memory of the entries, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let shards = self.shards.iter().map(|shard| {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            // A table of `n` buckets has a capacity of 7/8 `n`.
            shard.entries.capacity() * 8 / 7 * Self::BUCKET_BYTES
        });
        shards.sum()
    }

    fn sweep_shard(&self, shard: &mut EntryShard, now: u64, budget: &EntryBudget) {
        let before = shard.entries.len();
        shard.entries.retain(|_, entry| now < entry.until);
        shard.swept_at = now;
        let left = shard.entries.len();
        if left < shard.entries.capacity() / 4 {
            shard.entries.shrink_to(left * 2);
        }
        self.freed(before - left, budget);
    }

    fn freed(&self, entries: usize, budget: &EntryBudget) {
        self.len.fetch_sub(entries, Ordering::SeqCst);
        budget.used.fetch_sub(entries, Ordering::SeqCst);
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the remainder is less than the number of shards"
    )]
    fn shard(&self, key: u128) -> &RwLock<EntryShard> {
        &self.shards[(key >> 64) as usize % SHARDS]
    }
}

impl RevocationEntry {
    pub(super) fn new(issued_before: SystemTime, until: SystemTime) -> Self {
        let issued_before = round_up(issued_before);
        Self {
            issued_before,
            ..Self::of_any_age(until)
        }
    }

    pub(super) fn of_any_age(until: SystemTime) -> Self {
        Self {
            issued_before: u64::MAX,
            until: round_up(until),
        }
    }
}

impl EntryBudget {
    fn take(&self) -> bool {
        let more = |used| (used < self.max).then_some(used + 1);
        let taken = (self.used).fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        taken.is_ok()
    }
}

impl Hasher for LowBits {
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }

    /// Not called: keys are `u128`.
    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

fn write(shard: &RwLock<EntryShard>) -> RwLockWriteGuard<'_, EntryShard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the seconds since 1970, rounded up: of a time within a second, the stricter side counts.
fn round_up(time: SystemTime) -> u64 {
    let time = since_1970(time);
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
