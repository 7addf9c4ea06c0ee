use std::{
    array,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
};

use arc_swap::{ArcSwapOption, Guard};

use super::{CachedToken, Entry};

/// Places in a set.
pub(super) const PLACES: usize = 7;
/// A one for each place.
const ONES: u64 = 0x00_01_01_01_01_01_01_01;
/// All places' bits that say that they were found.
const ALL_FOUND: u64 = 0x7f << 56;

/// A few places for entries, in two lines of memory next to each other. Those who change it hold a
/// lock; who looks an entry up does not, and never sees half of one.
///
/// The tokens stand beside the entries, though these have them too, so that both are on their way from
/// memory at once: one after the other they would take twice the time where there are many.
#[repr(align(128))]
pub(super) struct Set<E> {
    /// A byte for each place: 0 for an empty one, else a part of the hash of what is in it, which saves
    /// looking at what is not wanted. In the last byte a bit for each place that was found since the
    /// hand came by.
    marks: AtomicU64,
    tokens: [ArcSwapOption<CachedToken>; PLACES],
    entries: [ArcSwapOption<E>; PLACES],
}

impl<E: Entry> Set<E> {
    /// The entry with this token. Until its guard is dropped it is not counted as a reference.
    pub(super) fn get(&self, hash: u64, wanted: &[u8]) -> Option<Guard<Option<Arc<E>>>> {
        let marks = self.marks.load(Acquire);
        for at in candidates(marks, hash) {
            if let Some(entry) = self.holds(at, wanted) {
                // Written once per round of the hand, not with every request.
                if marks & found(at) == 0 {
                    self.marks.fetch_or(found(at), Relaxed);
                }
                return Some(entry);
            }
        }
        None
    }

    /// What is there, if it is what has the token `wanted`.
    fn holds(&self, at: usize, wanted: &[u8]) -> Option<Guard<Option<Arc<E>>>> {
        let token = self.tokens[at].load();
        let entry = self.entries[at].load();
        let (beside, found) = (token.as_ref()?, entry.as_ref()?);
        found.touch();
        // Two lookups are not one: what was read may be the token of what was there before.
        let is_its_own = Arc::ptr_eq(beside, found.token()?);
        (is_its_own && beside.equals(wanted)).then_some(entry)
    }

    /// How many places are empty.
    pub(super) fn room(&self) -> usize {
        let marks = self.marks.load(Acquire);
        (0..PLACES).filter(|at| lane(marks, *at) == 0).count()
    }

    /// Puts `entry` where the one with its token is, or else where nothing is, or nothing that anybody
    /// has asked for, or anywhere. The answer is what was there before.
    pub(super) fn put(
        &self,
        hash: u64,
        token: &Arc<CachedToken>,
        entry: &Arc<E>,
    ) -> Option<Arc<E>> {
        let marks = self.marks.load(Acquire);
        let at = (self.find(marks, hash, token.bytes()))
            .or_else(|| (0..PLACES).find(|at| lane(marks, *at) == 0))
            .unwrap_or_else(|| idle(marks, hash));
        let before = self.clear(at);
        self.tokens[at].store(Some(Arc::clone(token)));
        self.entries[at].store(Some(Arc::clone(entry)));
        // Not as found: what nobody asks for a second time makes room first.
        self.marks.fetch_or(mark(hash) << (8 * at), AcqRel);
        before
    }

    pub(super) fn take(&self, hash: u64, wanted: &[u8]) -> Option<Arc<E>> {
        let at = self.find(self.marks.load(Acquire), hash, wanted)?;
        self.clear(at)
    }

    /// Takes out what nobody has found since this was called last, but not `but`.
    pub(super) fn take_idle(&self, but: &Arc<E>) -> [Option<Arc<E>>; PLACES] {
        let marks = self.marks.fetch_and(!ALL_FOUND, AcqRel);
        array::from_fn(|at| {
            let is_idle = lane(marks, at) != 0 && marks & found(at) == 0;
            let is_other =
                || !matches!(&*self.entries[at].load(), Some(it) if Arc::ptr_eq(it, but));
            (is_idle && is_other()).then(|| self.clear(at)).flatten()
        })
    }

    fn find(&self, marks: u64, hash: u64, wanted: &[u8]) -> Option<usize> {
        candidates(marks, hash).find(|at| self.holds(*at, wanted).is_some())
    }

    fn clear(&self, at: usize) -> Option<Arc<E>> {
        self.marks
            .fetch_and(!(0xff << (8 * at) | found(at)), AcqRel);
        self.tokens[at].store(None);
        self.entries[at].swap(None)
    }
}

impl<E> Default for Set<E> {
    fn default() -> Self {
        Self {
            marks: AtomicU64::new(0),
            tokens: array::from_fn(|_| ArcSwapOption::empty()),
            entries: array::from_fn(|_| ArcSwapOption::empty()),
        }
    }
}

/// What stands for a hash in the marks: never 0.
const fn mark(hash: u64) -> u64 {
    hash >> 57 | 0x80
}

/// The bit that says that what is at this place was found.
const fn found(at: usize) -> u64 {
    1 << (56 + at)
}

const fn lane(marks: u64, at: usize) -> u64 {
    marks >> (8 * at) & 0xff
}

/// The places that may hold what has this hash.
fn candidates(marks: u64, hash: u64) -> impl Iterator<Item = usize> {
    // A byte that is equal becomes 0, and a 0 is what a subtraction borrows from. A byte above one that
    // is equal may be taken for equal, too: a look at the entry tells.
    let different = marks ^ (ONES * mark(hash));
    let mut equal = different.wrapping_sub(ONES) & !different & (ONES << 7);
    std::iter::from_fn(move || {
        let at = (equal != 0).then(|| equal.trailing_zeros() as usize / 8)?;
        equal &= equal - 1;
        Some(at)
    })
}

/// A place to give up: one where nothing was found, or else one by chance.
fn idle(marks: u64, hash: u64) -> usize {
    let by_chance = (hash >> 50) as usize % PLACES;
    (0..PLACES)
        .map(|at| (at + by_chance) % PLACES)
        .find(|at| marks & found(*at) == 0)
        .unwrap_or(by_chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A borrow goes on from place to place: it may add a candidate, and lose none.
    #[test]
    fn whatever_has_the_mark_is_a_candidate() {
        for hash in [0, 1 << 57, 0x55 << 57, u64::MAX] {
            let mark = mark(hash);
            let neighbours = [mark, mark ^ 1, mark ^ 0x40, 0];
            for all in 0..neighbours.len().pow(7) {
                let of = |at: usize| neighbours[all / neighbours.len().pow(at as u32) % 4];
                let marks = (0..PLACES).fold(ALL_FOUND, |marks, at| marks | of(at) << (8 * at));
                let found: Vec<_> = candidates(marks, hash).collect();
                let wanted: Vec<_> = (0..PLACES).filter(|at| of(*at) == mark).collect();
                assert!(found.is_sorted_by(|a, b| a < b) && found.iter().all(|at| *at < PLACES));
                assert!(wanted.iter().all(|at| found.contains(at)), "{marks:x}");
                assert_eq!(wanted.first(), found.first(), "{marks:x}");
            }
        }
    }
}
