//! Caches verified tokens.
//!
//! Only tokens that passed every check are cached. The whole token is the key; the hash only
//! selects the slot. The caller checks expiry, key and issuer again on every hit. A cache belongs
//! to one authorizer, whose settings don't change.

use std::{
    hash::{Hash, Hasher},
    hint::black_box,
    sync::Arc,
};

use foldhash::fast::RandomState;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, Weighter, sync::Cache};
use smallvec::SmallVec;

/// The size of an entry.
pub(crate) trait Weight {
    /// Returns the bytes of memory that the entry uses, without its token.
    fn bytes(&self) -> usize;
}

/// A cache with a limit in bytes.
pub(crate) struct TokenCache<E: Weight>(Cache<Token, Arc<E>, ByBytes, RandomState, Evictions>);

/// An owned token: the key of an entry.
struct Token(Box<[u8]>);

/// A borrowed token: the key of a lookup.
#[derive(Clone, Copy)]
struct TokenRef<'t>(&'t [u8]);

#[derive(Clone, Copy)]
struct ByBytes;

/// Collects the evicted entries, to count them and to drop them after the lock.
#[derive(Clone)]
struct Evictions;

impl<E: Weight> TokenCache<E> {
    /// Creates a cache of `capacity` bytes. Returns `None` if the capacity is 0.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        /// Each shard has room for 32 entries of this size, so the largest tokens fit into one.
        const LARGE_ENTRY: usize = 8 * 1024;
        let options = OptionsBuilder::new()
            .weight_capacity(capacity as u64)
            .estimated_items_capacity(capacity / LARGE_ENTRY)
            .build()
            .ok()?;
        (capacity > 0).then(|| {
            let (hasher, lifecycle) = (RandomState::default(), Evictions);
            Self(Cache::with_options(options, ByBytes, hasher, lifecycle))
        })
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<Arc<E>> {
        self.0.get(&TokenRef(token))
    }

    /// Inserts an entry and returns how many were evicted. An entry larger than a shard is evicted at
    /// once.
    pub(crate) fn insert(&self, token: &[u8], entry: Arc<E>) -> usize {
        let mut evicted = SmallVec::new();
        (self.0).insert_with_lifecycle(Token(token.into()), entry, &mut evicted);
        evicted.len()
    }

    /// Removes `entry`, unless another entry has replaced it.
    pub(crate) fn remove(&self, token: &[u8], entry: &Arc<E>) {
        let is_it = |found: &Arc<E>| Arc::ptr_eq(found, entry);
        self.0.remove_if(&TokenRef(token), is_it);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }
}

impl<E> Lifecycle<Token, Arc<E>> for Evictions {
    type RequestState = SmallVec<[(Token, Arc<E>); 2]>;

    fn on_evict(&self, evicted: &mut Self::RequestState, token: Token, entry: Arc<E>) {
        evicted.push((token, entry));
    }
}

impl<E: Weight> Weighter<Token, Arc<E>> for ByBytes {
    fn weight(&self, token: &Token, entry: &Arc<E>) -> u64 {
        /// The cache's overhead per entry, in bytes. An entry takes about 60 bytes in tables that
        /// start with four slots, double when full, and remember half as many evicted tokens.
        const SLOT: usize = 256;
        (SLOT + token.0.len() + entry.bytes()) as u64
    }
}

/// Hashes the length and the end of the signature, which differs between any two valid tokens. Only
/// valid tokens are cached, so crafted tokens can't fill one slot.
impl Hash for TokenRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        const END: usize = 32;
        state.write_usize(self.0.len());
        let end = self.0.get(self.0.len().saturating_sub(END)..);
        state.write(end.unwrap_or_default());
    }
}

impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        TokenRef(&self.0).hash(state);
    }
}

impl Equivalent<Token> for TokenRef<'_> {
    fn equivalent(&self, key: &Token) -> bool {
        equal(self.0, &key.0)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Token {}

/// Compares in constant time for a given length. Otherwise a caller who knows the end of a token,
/// from a truncated log line, could guess the rest byte by byte.
fn equal(a: &[u8], b: &[u8]) -> bool {
    // Branch-free, so that it compiles to vector instructions.
    let differences = || a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && black_box(differences()) == 0
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[derive(Debug)]
    struct Sized(usize);

    impl Weight for Sized {
        fn bytes(&self) -> usize {
            self.0
        }
    }

    fn token(i: usize) -> Vec<u8> {
        format!("{i:0>40}").into_bytes()
    }

    fn cache(capacity: usize) -> TokenCache<Sized> {
        TokenCache::new(capacity).unwrap()
    }

    fn contents(cache: &TokenCache<Sized>, tokens: usize) -> Vec<Arc<Sized>> {
        (0..tokens).filter_map(|i| cache.get(&token(i))).collect()
    }

    #[test]
    fn bounded_in_bytes_and_counted() {
        const CAPACITY: usize = 1024 * 1024;
        let cache = cache(CAPACITY);
        let mut evicted = 0;
        for i in 0..3000 {
            evicted += cache.insert(&token(i), Arc::new(Sized(1000 + i % 7 * 1000)));
            assert!(cache.bytes() <= CAPACITY as u64, "{i}");
            assert!(cache.get(&token(i)).is_some(), "{i} is evicted at once");
        }
        let found = contents(&cache, 3000);
        assert_eq!(found.len(), cache.len());
        assert_eq!(evicted, 3000 - found.len());
        let bytes: usize = found.iter().map(|it| it.0).sum();
        assert!(bytes < CAPACITY && bytes > CAPACITY / 2, "{bytes}");
    }

    #[test]
    fn an_entry_in_use_stays() {
        let cache = cache(1024 * 1024);
        cache.insert(&token(0), Arc::new(Sized(2000)));
        for i in 1..10_000 {
            assert!(cache.get(&token(0)).is_some(), "evicted after {i}");
            cache.insert(&token(i), Arc::new(Sized(2000)));
        }
    }

    #[test]
    fn an_entry_larger_than_the_cache_is_not_kept() {
        let small = cache(8 * 1024);
        small.insert(&token(0), Arc::new(Sized(1000)));
        assert_eq!(small.insert(&token(1), Arc::new(Sized(8 * 1024))), 1);
        assert!(small.get(&token(1)).is_none());
        assert!(small.get(&token(0)).is_some());
        assert!(TokenCache::<Sized>::new(0).is_none());
        let unlimited = cache(usize::MAX);
        unlimited.insert(&token(0), Arc::new(Sized(1 << 40)));
        assert!(unlimited.get(&token(0)).is_some());
    }

    #[test]
    fn the_newer_of_two_entries_counts_and_is_not_removed_for_the_older() {
        let cache = cache(64 * 1024);
        let (older, newer) = (Arc::new(Sized(1000)), Arc::new(Sized(3000)));
        cache.insert(&token(0), Arc::clone(&older));
        cache.insert(&token(0), Arc::clone(&newer));
        assert_eq!(Arc::strong_count(&older), 1, "the older one is dropped");
        cache.remove(&token(0), &older);
        assert_eq!(cache.get(&token(0)).unwrap().0, 3000);
        assert_eq!(cache.len(), 1);
        cache.remove(&token(0), &newer);
        assert!(cache.get(&token(0)).is_none());
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
    }

    #[test]
    fn tokens_with_one_hash_are_told_apart() {
        let cache = cache(64 * 1024);
        let tokens: Vec<_> = (b'a'..=b'g')
            .map(|first| [&[first][..], &[b'x'; 40]].concat())
            .collect();
        for token in &tokens {
            cache.insert(token, Arc::new(Sized(usize::from(token[0]))));
        }
        for token in &tokens {
            assert_eq!(cache.get(token).unwrap().0, usize::from(token[0]));
        }
        assert!(cache.get(&[b'x'; 41]).is_none());
    }

    #[test]
    fn equality_is_that_of_all_bytes() {
        let token: Vec<u8> = (0..=255).cycle().take(700).collect();
        assert!(equal(&token, &token.clone()));
        assert!(equal(&[], &[]));
        assert!(!equal(&token, &token[1..]));
        assert!(!equal(&token, &token[..699]));
        for at in 0..token.len() {
            for bit in [1, 0x80] {
                let mut other = token.clone();
                other[at] ^= bit;
                assert!(!equal(&token, &other), "{at}");
            }
        }
    }

    #[test]
    fn threads_find_only_what_was_put_in() {
        const TOKENS: usize = 300;
        // Room for half of them.
        const CAPACITY: usize = 512 * 1024;
        let cache = &cache(CAPACITY);
        thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for step in 0..20_000 {
                        let i = (step * 7 + thread * 31) % TOKENS;
                        match (step % 5, cache.get(&token(i))) {
                            (0, _) => {
                                cache.insert(&token(i), Arc::new(Sized(2500 + i)));
                            }
                            (1, Some(found)) => cache.remove(&token(i), &found),
                            (_, Some(found)) => assert_eq!(found.0, 2500 + i),
                            (_, None) => {}
                        }
                    }
                });
            }
        });
        assert!(cache.bytes() <= CAPACITY as u64, "{}", cache.bytes());
        assert_eq!(contents(cache, TOKENS).len(), cache.len());
    }
}
