use std::{collections::HashSet, time::Duration};

use tokio::time::Instant;

use crate::token_bucket::TokenBucket;

/// The SHA-256 of a token.
pub(crate) type Digest = [u8; 32];

/// Limits the calls for tokens that turn out not to be active. Tokens that were active before don't need it,
/// so strangers can't keep them out.
#[derive(Debug)]
pub(super) struct Budget {
    bucket: TokenBucket,
    /// Tokens that were active, in two generations. When the newer is full, it replaces the older.
    newer: HashSet<Digest>,
    older: HashSet<Digest>,
}

/// Whether a token was active before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallStanding {
    Known,
    Stranger,
}

impl Budget {
    /// Number of tokens in each generation: together less than 1.5 MB.
    const HALF: usize = 8192;

    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self {
            bucket: TokenBucket::new(burst, interval),
            newer: HashSet::new(),
            older: HashSet::new(),
        }
    }

    /// Takes a call from the budget, if the token needs it.
    ///
    /// # Errors
    ///
    /// Returns the time until the next attempt makes sense.
    pub(super) fn take(&mut self, token: &Digest, now: Instant) -> Result<CallStanding, Duration> {
        if self.is_known(token) {
            return Ok(CallStanding::Known);
        }
        match self.bucket.take(now) {
            true => Ok(CallStanding::Stranger),
            false => Err(self.bucket.next(now)),
        }
    }

    /// Returns `true` if the token was active when the issuer was last asked.
    pub(super) fn is_known(&self, token: &Digest) -> bool {
        self.newer.contains(token) || self.older.contains(token)
    }

    /// The token is active: a stranger's call does not count.
    pub(super) fn is_active(&mut self, token: Digest, standing: CallStanding) {
        if standing == CallStanding::Stranger {
            self.bucket.put_back();
        }
        if self.newer.len() >= Self::HALF && !self.newer.contains(&token) {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(token);
    }

    pub(super) fn is_inactive(&mut self, token: &Digest) {
        self.newer.remove(token);
        self.older.remove(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(i: u32) -> Digest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&i.to_be_bytes());
        digest
    }

    #[test]
    fn tokens_that_were_active_are_not_kept_out_by_strangers() {
        let now = Instant::now();
        let mut budget = Budget::new(3, Duration::from_secs(1));
        for i in 0..100 {
            assert_eq!(budget.take(&digest(i), now), Ok(CallStanding::Stranger));
            budget.is_active(digest(i), CallStanding::Stranger);
        }
        for i in 100..103 {
            assert_eq!(budget.take(&digest(i), now), Ok(CallStanding::Stranger));
        }
        assert_eq!(budget.take(&digest(103), now), Err(Duration::from_secs(1)));
        assert_eq!(budget.take(&digest(0), now), Ok(CallStanding::Known));
        budget.is_inactive(&digest(0));
        assert!(budget.take(&digest(0), now).is_err());
        assert!(
            budget
                .take(&digest(0), now + Duration::from_secs(1))
                .is_ok()
        );
    }

    #[test]
    fn the_memory_of_active_tokens_is_bounded() {
        let mut budget = Budget::new(1, Duration::from_secs(1));
        for i in 0..30_000 {
            budget.is_active(digest(i), CallStanding::Known);
            assert!(budget.newer.len() + budget.older.len() <= 2 * Budget::HALF);
        }
        assert!(budget.take(&digest(29_999), Instant::now()) == Ok(CallStanding::Known));
    }

    #[test]
    fn only_new_tokens_displace_others_and_inactive_ones_are_forgotten() {
        let all = 2 * u32::try_from(Budget::HALF).unwrap();
        let mut budget = Budget::new(1, Duration::from_secs(1));
        for i in (0..all).chain([all - 1]) {
            budget.is_active(digest(i), CallStanding::Known);
        }
        for i in [0, all - 1] {
            assert!(budget.is_known(&digest(i)));
            budget.is_inactive(&digest(i));
            assert!(!budget.is_known(&digest(i)));
        }
    }
}
