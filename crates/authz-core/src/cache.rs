//! Tokens already verified.
//!
//! What is cached: tokens whose signature and time-independent claims were found good, never a
//! refusal. A token is found by all its bytes, compared one by one; the hash only finds the place.
//! Expiry and the key's standing are looked at on every hit, by the caller: an entry is worth
//! nothing once its token has expired or its key is withdrawn. The configuration can't change
//! under an entry: a cache belongs to one authorizer, whose settings are fixed when it is built.

use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::{Weighter, sync::Cache};

use crate::authorizer::Verified;

pub(crate) struct TokenCache<C> {
    entries: Cache<Box<str>, Arc<Verified<C>>, Bytes, RandomState>,
}

#[derive(Clone)]
struct Bytes;

impl<C> TokenCache<C> {
    /// `None` for a capacity of 0: no cache.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        const TYPICAL_ENTRY: usize = 2048;
        (capacity > 0).then(|| Self {
            entries: Cache::with(
                capacity.div_ceil(TYPICAL_ENTRY),
                capacity as u64,
                Bytes,
                RandomState::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
        })
    }

    pub(crate) fn get(&self, token: &str) -> Option<Arc<Verified<C>>> {
        self.entries.get(token)
    }

    pub(crate) fn insert(&self, token: &str, verified: Arc<Verified<C>>) {
        self.entries.insert(token.into(), verified);
    }

    pub(crate) fn remove(&self, token: &str) {
        self.entries.remove(token);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.entries.weight()
    }
}

impl<C> Weighter<Box<str>, Arc<Verified<C>>> for Bytes {
    fn weight(&self, token: &Box<str>, verified: &Arc<Verified<C>>) -> u64 {
        (token.len() + verified.bytes) as u64
    }
}
