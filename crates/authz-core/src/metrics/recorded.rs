use metrics::{Counter, Histogram, counter, histogram};

use super::{
    issuer::IssuerMetrics,
    names::{DURATION, EVICTIONS, HITS, MISSES, describe},
};
use crate::rejection::Reason;

/// The handles of one authorizer, registered once with the recorder of that time.
#[derive(Debug)]
pub(crate) struct ApiMetrics {
    /// Refusals of tokens whose issuer is not known yet, or not configured.
    unknown_issuer: IssuerMetrics,
    hits: Counter,
    misses: Counter,
    evictions: Counter,
    pub(super) allowed: Histogram,
    pub(super) refused: Histogram,
    pub(super) unavailable: Histogram,
}

impl ApiMetrics {
    pub(crate) fn register() -> Self {
        describe();
        Self {
            unknown_issuer: IssuerMetrics::unknown(),
            hits: counter!(HITS),
            misses: counter!(MISSES),
            evictions: counter!(EVICTIONS),
            allowed: histogram!(DURATION, "outcome" => "allowed"),
            refused: histogram!(DURATION, "outcome" => Reason::MissingToken.outcome()),
            unavailable: histogram!(DURATION, "outcome" => Reason::KeysUnavailable.outcome()),
        }
    }

    pub(crate) fn refused(&self, issuer: Option<&IssuerMetrics>, reason: Reason) {
        issuer.unwrap_or(&self.unknown_issuer).refused(reason);
    }

    /// Counts a lookup in the cache of verified tokens.
    pub(crate) fn looked_up(&self, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.increment(1);
    }

    pub(crate) fn evicted(&self, tokens: usize) {
        if tokens > 0 {
            self.evictions.increment(tokens as u64);
        }
    }
}
