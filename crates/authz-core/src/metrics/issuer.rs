use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use metrics::{Counter, SharedString, counter, histogram};

use super::names::{DECISIONS, FETCHES, INTROSPECTION_DURATION, INTROSPECTIONS, SHARED_ANSWERS};
use crate::rejection::Reason;

/// The handles of one issuer, or of all tenants of one pattern: tenants are too many for labels.
#[derive(Clone, Debug)]
pub(crate) struct IssuerMetrics(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    label: Arc<str>,
    allowed: Counter,
    /// By [`Reason`]. Most never occur, so each is registered with its first refusal.
    refused: [OnceLock<Counter>; REASONS],
}

const REASONS: usize = Reason::Preflight as usize + 1;

impl IssuerMetrics {
    /// Registers the handles of a configured issuer.
    pub(crate) fn register(label: &str) -> Self {
        let label: Arc<str> = label.into();
        let issuer = SharedString::from(Arc::clone(&label));
        let allowed =
            counter!(DECISIONS, "outcome" => "allowed", "reason" => "none", "issuer" => issuer);
        Self::new(label, allowed)
    }

    pub(super) fn unknown() -> Self {
        Self::new("unknown".into(), Counter::noop())
    }

    fn new(label: Arc<str>, allowed: Counter) -> Self {
        Self(Arc::new(Handles {
            label,
            allowed,
            refused: std::array::from_fn(|_| OnceLock::new()),
        }))
    }

    pub(super) fn label(&self) -> &Arc<str> {
        &self.0.label
    }

    fn shared_label(&self) -> SharedString {
        Arc::clone(&self.0.label).into()
    }

    pub(super) fn allowed(&self) {
        self.0.allowed.increment(1);
    }

    pub(super) fn refused(&self, reason: Reason) {
        let Some(counter) = self.0.refused.get(reason as usize) else {
            return;
        };
        let counter = counter.get_or_init(|| {
            let issuer = self.shared_label();
            counter!(DECISIONS, "outcome" => reason.outcome(), "reason" => reason.name(), "issuer" => issuer)
        });
        counter.increment(1);
    }

    /// Counts a fetch that confirmed the keys, with new keys or with 304.
    pub(crate) fn fetched(&self, modified: bool) {
        self.count_fetch(if modified { "ok" } else { "not_modified" });
    }

    /// Counts a failed fetch, by its kind of error.
    pub(crate) fn not_fetched(&self, kind: &'static str) {
        self.count_fetch(kind);
    }

    /// Counts a call of the introspection endpoint.
    pub(crate) fn introspected(&self, result: &'static str, time: Duration) {
        let issuer = self.shared_label();
        histogram!(INTROSPECTION_DURATION, "issuer" => issuer.clone()).record(time);
        counter!(INTROSPECTIONS, "issuer" => issuer, "result" => result).increment(1);
    }

    /// Counts a lookup in the cache of introspection answers that servers share.
    pub(crate) fn looked_up_shared(&self, result: &'static str) {
        counter!(SHARED_ANSWERS, "issuer" => self.shared_label(), "result" => result).increment(1);
    }

    fn count_fetch(&self, result: &'static str) {
        counter!(FETCHES, "issuer" => self.shared_label(), "result" => result).increment(1);
    }
}
