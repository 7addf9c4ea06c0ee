//! Tokens already verified.
//!
//! What is cached: tokens whose signature and time-independent claims were found good, never a
//! refusal. A token is found by all its bytes, compared one by one; the hash only finds the place.
//! Expiry and the key's standing are looked at on every hit, by the caller: an entry is worth
//! nothing once its token has expired or its key is withdrawn. The configuration can't change
//! under an entry: a cache belongs to one authorizer, whose settings are fixed when it is built.
//!
//! A lookup takes no lock and writes to nothing that another thread reads, but for the count of
//! references to what it finds: threads don't wait for each other, nor for each other's memory.

mod recent;
mod set;
mod token;

use std::{
    hash::{BuildHasher, Hasher},
    iter,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use arc_swap::Guard;
use foldhash::fast::RandomState;

pub(crate) use self::{recent::Held, token::CachedToken};
use self::{
    recent::{Known, Recent},
    set::{PLACES, Set},
};

/// What can be cached.
pub(crate) trait Entry {
    /// The whole token. `None` is not cached.
    fn token(&self) -> Option<&Arc<CachedToken>>;
    /// What it takes in memory, the token included.
    fn bytes(&self) -> usize;
    /// Looks at what a request is going to need of it, so that it is on its way from memory already
    /// while the token is compared.
    fn touch(&self);
}

/// A cache bounded in bytes.
///
/// A token may be in either of two small sets, which its hash names. Where room is needed goes what
/// nobody has asked for since a hand last came by: the "clock" of operating systems, which is nearly
/// as good as to know what was used least recently, and costs a lookup nothing.
pub(crate) struct TokenCache<E> {
    /// A power of two of them.
    sets: Box<[Set<E>]>,
    /// For those who write: each stands for every 64th set.
    writing: [Mutex<()>; 64],
    /// What threads ask for again and again.
    recent: Recent<E>,
    hasher: RandomState,
    capacity: usize,
    bytes: AtomicUsize,
    tokens: AtomicUsize,
    /// The set at which the search for room goes on.
    hand: AtomicUsize,
}

impl<E: Entry> TokenCache<E> {
    /// `None` for a capacity of 0: no cache.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        /// Hardly an entry is smaller: there is a place for each of as many as have room.
        const SMALL_ENTRY: usize = 2048;
        /// A smaller cache is not for a server with many threads.
        const WORTH_IT: usize = 1 << 20;
        /// Sets with places for seven million tokens, in a table of 128 MiB: it is there from the start.
        const MANY: usize = 1 << 20;
        let sets = (capacity.div_ceil(SMALL_ENTRY * PLACES).min(MANY)).next_power_of_two();
        let recent = Recent::new(capacity >= WORTH_IT);
        let tables = sets * size_of::<Set<E>>() + recent.bytes();
        (capacity > 0).then(|| Self {
            sets: iter::repeat_with(Set::default).take(sets).collect(),
            writing: [const { Mutex::new(()) }; 64],
            recent,
            hasher: RandomState::default(),
            capacity: capacity.saturating_sub(tables),
            bytes: AtomicUsize::new(0),
            tokens: AtomicUsize::new(0),
            hand: AtomicUsize::new(0),
        })
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<Held<E>> {
        let hash = self.hash(token);
        match self.recent.get(hash, token) {
            Known::Yes(own) => return Some(Held::Own(own)),
            Known::Ask(own) => {
                let entry = self.find(hash, token);
                if is_same(entry.as_ref(), own.entry()) {
                    return Some(Held::Own(own));
                }
                self.recent.forget(hash, own.entry());
                return entry.and_then(Guard::into_inner).map(Held::Shared);
            }
            Known::No => {}
        }
        let entry = Guard::into_inner(self.find(hash, token)?)?;
        if self.recent.found(hash, &entry) {
            let now = self.find(hash, token);
            if !is_same(now.as_ref(), &entry) {
                // Removed or replaced in the meantime: nobody else would take it out.
                self.recent.forget(hash, &entry);
            }
        }
        Some(Held::Shared(entry))
    }

    fn find(&self, hash: u64, token: &[u8]) -> Option<Guard<Option<Arc<E>>>> {
        self.homes(hash)
            .into_iter()
            .find_map(|home| self.sets[home].get(hash, token))
    }

    /// What is too large for the whole cache is not kept.
    pub(crate) fn insert(&self, entry: &Arc<E>) {
        let Some(token) = entry.token() else {
            return;
        };
        if entry.bytes() > self.capacity {
            return;
        }
        let hash = self.hash(token.bytes());
        let home = self.home(hash, token.bytes());
        let replaced = {
            let _writing = self.write(home);
            // Counted before it can be found, so that nobody takes it off the count first.
            self.tokens.fetch_add(1, Relaxed);
            self.bytes.fetch_add(entry.bytes(), Relaxed);
            self.sets[home].put(hash, token, entry)
        };
        self.gone(replaced.iter());
        // The first round of the hand may find everything in use, the second finds nothing so.
        for _ in 0..3 * self.sets.len() {
            if self.bytes.load(Relaxed) <= self.capacity {
                break;
            }
            let at = self.hand.fetch_add(1, Relaxed) % self.sets.len();
            let idle = {
                let _writing = self.write(at);
                self.sets[at].take_idle(entry)
            };
            self.gone(idle.iter().flatten());
        }
    }

    pub(crate) fn remove(&self, token: &[u8]) {
        let hash = self.hash(token);
        for home in self.homes(hash) {
            let removed = {
                let _writing = self.write(home);
                self.sets[home].take(hash, token)
            };
            self.gone(removed.iter());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.load(Relaxed)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Where to put a token: where it is already, or else where there is room. The first of its homes
    /// is the better one, since a lookup begins there, as long as that is not nearly full.
    fn home(&self, hash: u64, token: &[u8]) -> usize {
        let [first, second] = self.homes(hash);
        let is_there = |home: &usize| self.sets[*home].get(hash, token).is_some();
        let has_room = |(home, room): &(usize, usize)| self.sets[*home].room() >= *room;
        [first, second]
            .into_iter()
            .find(is_there)
            .unwrap_or_else(|| {
                let by_room = [(first, 3), (second, 3), (first, 1), (second, 1)];
                by_room
                    .into_iter()
                    .find(has_room)
                    .map_or(first, |(home, _)| home)
            })
    }

    fn gone<'e>(&self, entries: impl Iterator<Item = &'e Arc<E>>)
    where
        E: 'e,
    {
        for entry in entries {
            if let Some(token) = entry.token() {
                self.recent.forget(self.hash(token.bytes()), entry);
            }
            self.tokens.fetch_sub(1, Relaxed);
            self.bytes.fetch_sub(entry.bytes(), Relaxed);
        }
    }

    /// The right to change the set `home`.
    fn write(&self, home: usize) -> MutexGuard<'_, ()> {
        // It guards no data of its own that a panic could leave half done.
        self.writing[home % self.writing.len()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The sets in which the token may be.
    fn homes(&self, hash: u64) -> [usize; 2] {
        let mask = self.sets.len() - 1;
        [hash as usize & mask, (hash >> 28) as usize & mask]
    }

    /// By the token's length and the end of its signature, which differs between any two tokens that
    /// verify. To crowd one place takes many good tokens whose signatures end alike, and only good
    /// tokens get a place at all.
    fn hash(&self, token: &[u8]) -> u64 {
        const END: usize = 32;
        let end = token.len().saturating_sub(END);
        let mut hasher = self.hasher.build_hasher();
        hasher.write_usize(token.len());
        hasher.write(&token[end..]);
        hasher.finish()
    }
}

/// Of two entries for one token, the older may be from a key that has been withdrawn since: who held on
/// to it would throw the newer one out with every request.
fn is_same<E>(found: Option<&Guard<Option<Arc<E>>>>, entry: &Arc<E>) -> bool {
    let found = found.and_then(|found| found.as_ref());
    found.is_some_and(|found| Arc::ptr_eq(found, entry))
}

#[cfg(test)]
mod tests;
