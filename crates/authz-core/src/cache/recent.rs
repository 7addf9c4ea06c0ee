//! What a thread asks for again and again, with a count of references of the thread's own.
//!
//! The one thing that threads with the same token still write to is the count of references to its entry. On
//! many cores that line of memory would be passed around with every request.

use std::{
    iter,
    ops::Deref,
    sync::{
        Arc,
        atomic::{
            AtomicU64, AtomicUsize,
            Ordering::{Relaxed, Release},
        },
    },
    thread,
};

use arc_swap::{ArcSwapOption, Guard};

use super::Entry;

/// An entry of the cache, held by a reference to it or by one of a thread's own.
#[derive(Debug)]
pub(crate) enum Held<E> {
    Shared(Arc<E>),
    Own(Arc<Own<E>>),
}

/// Counted apart from the entry.
#[derive(Debug)]
pub(crate) struct Own<E> {
    entry: Arc<E>,
    /// So that no two threads' counts share a line of memory, nor two lines that are fetched together.
    _apart: [u64; 13],
}

/// A few tokens for each of some threads.
pub(super) struct Recent<E> {
    /// A power of two of them, or none.
    threads: Box<[Few<E>]>,
}

#[repr(align(128))]
struct Few<E>([Slot<E>; Few::<()>::SLOTS]);

/// Written to by one thread, unless there are more threads than were expected.
struct Slot<E> {
    /// Of what is in it.
    hash: AtomicU64,
    own: ArcSwapOption<Own<E>>,
    hits: AtomicU64,
    /// Of what was last asked for and is not in it, and in the last bits how many times in a row.
    next: AtomicU64,
}

/// The answer about a token.
pub(super) enum Known<E> {
    Yes(Arc<Own<E>>),
    /// It is, if the cache says so, which has to hear of it now and then.
    Ask(Arc<Own<E>>),
    No,
}

impl<E: Entry> Recent<E> {
    /// One request of so many for the same token goes to the cache, where it counts as used.
    const ASK: u64 = 32;
    /// So many requests in a row make a token one that is asked for again and again.
    const OFTEN: u64 = 16;

    pub(super) fn new(wanted: bool) -> Self {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let threads = if wanted {
            (2 * cores()).next_power_of_two().min(256)
        } else {
            0
        };
        Self {
            threads: iter::repeat_with(Few::default).take(threads).collect(),
        }
    }

    /// What it takes in memory at most.
    pub(super) fn bytes(&self) -> usize {
        self.threads.len() * (size_of::<Few<E>>() + Few::<()>::SLOTS * size_of::<Own<E>>())
    }

    pub(super) fn get(&self, hash: u64, token: &[u8]) -> Known<E> {
        let Some(slot) = self.slot(hash) else {
            return Known::No;
        };
        if slot.hash.load(Relaxed) != hash {
            return Known::No;
        }
        let own = slot.own.load();
        let is_it = |own: &Arc<Own<E>>| own.entry.token().is_some_and(|it| it.equals(token));
        if !own.as_ref().is_some_and(is_it) {
            return Known::No;
        }
        let hits = slot.hits.load(Relaxed).wrapping_add(1);
        slot.hits.store(hits, Relaxed);
        match Guard::into_inner(own) {
            Some(own) if hits.is_multiple_of(Self::ASK) => Known::Ask(own),
            Some(own) => Known::Yes(own),
            None => Known::No,
        }
    }

    /// `entry` was found in the cache. Whether it is among those of this thread now, and was not before.
    pub(super) fn found(&self, hash: u64, entry: &Arc<E>) -> bool {
        let Some(slot) = self.slot(hash) else {
            return false;
        };
        let next = slot.next.load(Relaxed);
        if next / Self::OFTEN != hash / Self::OFTEN {
            slot.next.store(hash / Self::OFTEN * Self::OFTEN, Relaxed);
            return false;
        }
        if next % Self::OFTEN < Self::OFTEN - 1 {
            slot.next.store(next + 1, Relaxed);
            return false;
        }
        slot.next.store(0, Relaxed);
        slot.own.store(Some(Arc::new(Own {
            entry: Arc::clone(entry),
            _apart: [0; 13],
        })));
        slot.hash.store(hash, Release);
        true
    }

    /// No thread holds on to `entry` any longer.
    pub(super) fn forget(&self, hash: u64, entry: &Arc<E>) {
        for few in &self.threads {
            let slot = few.slot(hash);
            let own = slot.own.load();
            if own
                .as_ref()
                .is_some_and(|own| Arc::ptr_eq(&own.entry, entry))
            {
                slot.own.store(None);
            }
        }
    }

    fn slot(&self, hash: u64) -> Option<&Slot<E>> {
        let few = self
            .threads
            .get(number() & self.threads.len().wrapping_sub(1))?;
        Some(few.slot(hash))
    }
}

/// Counts the threads that ask.
fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = NEXT.fetch_add(1, Relaxed);
    }
    NUMBER.with(|number| *number)
}

impl<E> Own<E> {
    pub(super) const fn entry(&self) -> &Arc<E> {
        &self.entry
    }
}

impl<E> Few<E> {
    const SLOTS: usize = 8;

    const fn slot(&self, hash: u64) -> &Slot<E> {
        &self.0[(hash >> 20) as usize % Few::<()>::SLOTS]
    }
}

impl<E> Default for Few<E> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Slot {
            hash: AtomicU64::new(0),
            own: ArcSwapOption::empty(),
            hits: AtomicU64::new(0),
            next: AtomicU64::new(0),
        }))
    }
}

impl<E> Deref for Held<E> {
    type Target = E;

    fn deref(&self) -> &E {
        match self {
            Self::Shared(entry) => entry,
            Self::Own(own) => &own.entry,
        }
    }
}

impl<E> Clone for Held<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Shared(entry) => Self::Shared(Arc::clone(entry)),
            Self::Own(own) => Self::Own(Arc::clone(own)),
        }
    }
}
