//! What an issuer did, and what follows from it for its tokens.

use std::{collections::BTreeSet, time::Duration};

pub(crate) type KeyId = usize;

/// Time since the beginning.
pub(crate) type Time = Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The lifetime of a key set: the server says nothing.
pub(crate) const LIFETIME: Duration = seconds(600);

/// Within this time a server that is well again has been asked: the longest backoff is 60 s, an
/// attempt takes 5 s, a request that does the background task's work leaves it 1 s.
pub(crate) const RECOVERY: Duration = seconds(70);

/// The longest wait for a decision: for somebody else's fetch, and then for one of the request's own.
pub(crate) const LONGEST_WAIT: Duration = seconds(11);

#[derive(Debug)]
pub(crate) struct History {
    outage_window: Duration,
    published: BTreeSet<KeyId>,
    /// Since when each published key has been, or each other key has not been, published.
    changed: Vec<Time>,
    /// When each key was published last, if it ever was; `Time::MAX` while it is.
    last_published: Vec<Option<Time>>,
    /// Since when every fetch has been answered at once, and every runtime with a fetch driven.
    healthy_since: Option<Time>,
    /// When a token of each key was first looked for in vain since it was published last.
    missed_since: Vec<Option<Time>>,
}

impl History {
    pub(crate) fn new(keys: usize, outage_window: Duration) -> Self {
        Self {
            outage_window,
            published: BTreeSet::new(),
            changed: vec![Time::ZERO; keys],
            last_published: vec![None; keys],
            healthy_since: Some(Time::ZERO),
            missed_since: vec![None; keys],
        }
    }

    pub(crate) fn publish(&mut self, key: KeyId, now: Time) {
        if self.published.insert(key) {
            self.changed[key] = now;
            self.last_published[key] = Some(Time::MAX);
        }
    }

    pub(crate) fn withdraw(&mut self, key: KeyId, now: Time) {
        if self.published.remove(&key) {
            self.changed[key] = now;
            self.last_published[key] = Some(now);
            self.missed_since[key] = None;
        }
    }

    pub(crate) const fn published(&self) -> &BTreeSet<KeyId> {
        &self.published
    }

    pub(crate) fn healthy(&mut self, now: Time) {
        self.healthy_since.get_or_insert(now);
    }

    pub(crate) fn in_trouble(&mut self) {
        self.healthy_since = None;
    }

    /// A fetch was cut off at `now`, by nobody's fault who is asked again.
    pub(crate) fn disturbed(&mut self, now: Time) {
        if self.healthy_since.is_some() {
            self.healthy_since = Some(now);
        }
    }

    fn healthy_for(&self, time: Duration, now: Time) -> bool {
        (self.healthy_since).is_some_and(|since| since == Time::ZERO || now >= since + time)
    }

    /// Whether a token of `key` may be accepted at `now`: the key was published within the time for
    /// which the issuer's word counts.
    pub(crate) fn may_accept(&self, key: KeyId, now: Time) -> bool {
        let Some(last) = self.last_published[key] else {
            return false;
        };
        if last == Time::MAX {
            return true;
        }
        let word_counts = LIFETIME + self.outage_window;
        let mut until = last + word_counts + RECOVERY;
        if self.healthy_for(RECOVERY, now) {
            // Since the trouble ended, its word has been asked for.
            let since = self.healthy_since.unwrap_or_default();
            until = until.min((last + LIFETIME).max(since) + RECOVERY);
        }
        now <= until
    }

    /// Whether a token of `key` must be accepted at `now`: there has been all the time to fetch it.
    pub(crate) fn must_accept(&self, key: KeyId, now: Time) -> bool {
        self.published.contains(&key)
            && now >= self.changed[key] + RECOVERY
            && self.healthy_for(RECOVERY, now)
    }

    /// Whether a token of `key` may be called bad at `now`: the key was not published a while ago.
    pub(crate) fn may_refuse(&self, key: KeyId, now: Time) -> bool {
        !self.published.contains(&key) || now < self.changed[key] + RECOVERY
    }

    /// Whether a token of `key` must be accepted at `now` even though it was refused before, a moment
    /// too early: it is looked for again soon, and then less and less often.
    pub(crate) fn must_find(&self, key: KeyId, now: Time) -> bool {
        let Some(missed) = self.missed_since[key] else {
            return false;
        };
        let waited = self.changed[key].saturating_sub(missed);
        let next_look = (2 * waited + seconds(2)).min(seconds(12));
        self.published.contains(&key)
            && self
                .healthy_since
                .is_some_and(|since| since == Time::ZERO || since + RECOVERY < missed)
            && now >= self.changed[key] + next_look
    }

    pub(crate) fn missed(&mut self, key: KeyId, now: Time) {
        if !self.published.contains(&key) {
            self.missed_since[key].get_or_insert(now);
        }
    }
}
