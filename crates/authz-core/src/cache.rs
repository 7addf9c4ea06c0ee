//! Tokens already verified.
//!
//! What is cached: tokens whose signature and time-independent claims were found good, never a
//! refusal. A token is found by all its bytes, compared one by one; the hash only finds the place.
//! Expiry and the key's standing are looked at on every hit, by the caller: an entry is worth
//! nothing once its token has expired or its key is withdrawn. The configuration can't change
//! under an entry: a cache belongs to one authorizer, whose settings are fixed when it is built.

use std::{
    hash::{Hash, Hasher},
    hint::black_box,
    sync::Arc,
};

use foldhash::fast::RandomState;
use quick_cache::{
    Equivalent, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use crate::authorizer::Verified;

pub(crate) struct TokenCache<C> {
    entries: Cache<Token, Arc<Verified<C>>, Bytes, RandomState>,
}

/// A cached token. Equality is that of all its bytes.
#[derive(Clone)]
struct Token(Box<[u8]>);

/// A token to look for.
struct Wanted<'a>(&'a [u8]);

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
                DefaultLifecycle::default(),
            ),
        })
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<Arc<Verified<C>>> {
        self.entries.get(&Wanted(token))
    }

    pub(crate) fn insert(&self, token: &[u8], verified: Arc<Verified<C>>) {
        self.entries.insert(Token(token.into()), verified);
    }

    pub(crate) fn remove(&self, token: &[u8]) {
        self.entries.remove(&Wanted(token));
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.entries.weight()
    }
}

/// The place of a token: by its length and the end of its signature, which differs between any two
/// tokens that verify. To crowd one place takes many good tokens whose signatures end alike, and only
/// good tokens get a place at all.
fn place<H: Hasher>(token: &[u8], hasher: &mut H) {
    const END: usize = 32;
    let end = token.len().saturating_sub(END);
    hasher.write_usize(token.len());
    hasher.write(&token[end..]);
}

impl Hash for Token {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        place(&self.0, hasher);
    }
}

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        place(self.0, hasher);
    }
}

impl Equivalent<Token> for Wanted<'_> {
    fn equivalent(&self, token: &Token) -> bool {
        equal(self.0, &token.0)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Token {}

/// Compares in a time that depends on the length alone. Whoever knows how a token ends, from a log
/// that cuts tokens short say, reaches this comparison with the rest made up: one that stops at the
/// first difference would tell them the rest piece by piece.
fn equal(a: &[u8], b: &[u8]) -> bool {
    // Without a branch, 16 bytes or more at a time: some 25 ns more for a token than a comparison that
    // may stop.
    let differences = || a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && black_box(differences()) == 0
}

impl<C> Weighter<Token, Arc<Verified<C>>> for Bytes {
    fn weight(&self, token: &Token, verified: &Arc<Verified<C>>) -> u64 {
        (token.0.len() + verified.bytes) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
