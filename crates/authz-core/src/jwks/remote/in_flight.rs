use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::source::SourceState;
use crate::jwks::provider::MissingKeys;

/// Tells one fetch from every other of the same provider.
pub(super) type FetchId = u64;

/// The outcome of a fetch, once it has one.
type Announced = Option<Result<(), MissingKeys>>;

/// A fetch under way, as those who wait for it see it.
#[derive(Clone, Debug)]
pub(super) struct InFlightFetch {
    pub(super) id: FetchId,
    pub(super) purpose: Purpose,
    /// The end of the attempt. A fetch without an outcome by then is abandoned, whether or not the
    /// runtime it was started on still runs it.
    pub(super) deadline: Instant,
    /// Until then, requests wait for this fetch rather than use keys past their lifetime.
    pub(super) hold_until: Option<Instant>,
    outcome: watch::Receiver<Announced>,
}

/// Why a fetch is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There are no keys.
    First,
    /// The keys are due for renewal.
    Routine,
    /// A token's key is not among them.
    UnknownKey,
}

/// How a wait ended.
pub(super) enum Waited {
    Done(Result<(), MissingKeys>),
    /// The time to wait is over, or the fetch was given up: there is no outcome.
    NoOutcome,
}

/// A fetch that is registered and not started yet: it starts after the lock is released.
#[must_use]
pub(super) struct PlannedFetch {
    pub(super) id: FetchId,
    pub(super) deadline: Instant,
    pub(super) memory: SourceState,
    announce: watch::Sender<Announced>,
}

impl InFlightFetch {
    pub(super) fn plan(
        id: FetchId,
        purpose: Purpose,
        deadline: Instant,
        hold_until: Option<Instant>,
        memory: SourceState,
    ) -> (Self, PlannedFetch) {
        let (announce, outcome) = watch::channel(None);
        let fetch = Self {
            id,
            purpose,
            deadline,
            hold_until,
            outcome,
        };
        let planned = PlannedFetch {
            id,
            deadline,
            memory,
            announce,
        };
        (fetch, planned)
    }

    /// Whether requests that find keys past their lifetime wait for this fetch at `now`.
    pub(super) fn holds_requests(&self, now: Instant) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    /// Waits for the outcome, and not beyond `until`. Needs a tokio runtime.
    pub(super) async fn wait_until(mut self, until: Instant) -> Waited {
        match timeout_at(until, self.outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => Waited::Done(outcome.clone().unwrap_or(Ok(()))),
            Ok(Err(_)) | Err(_) => Waited::NoOutcome,
        }
    }
}

impl PlannedFetch {
    /// Tells those who wait how the fetch ended.
    pub(super) fn announce(&self, outcome: Result<(), MissingKeys>) {
        self.announce.send_replace(Some(outcome));
    }
}
