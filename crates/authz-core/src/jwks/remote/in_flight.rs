use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::source::SourceState;
use crate::jwks::provider::MissingKeys;

/// Identifies a fetch among all of the same provider.
pub(super) type FetchId = u64;

/// The outcome of a fetch, if it is known.
type Announced = Option<Result<(), MissingKeys>>;

/// A handle to a fetch in flight, for requests that wait for it.
#[derive(Clone, Debug)]
pub(super) struct InFlightFetch {
    pub(super) id: FetchId,
    pub(super) purpose: Purpose,
    /// The fetch is abandoned at this time, even if its runtime has stopped running it.
    pub(super) deadline: Instant,
    /// Until this time, requests wait for the fetch instead of using keys past their lifetime.
    pub(super) hold_until: Option<Instant>,
    outcome: watch::Receiver<Announced>,
}

/// Why a fetch runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// No keys are available.
    First,
    /// A refresh is due.
    Routine,
    /// A token's key is not in the current set.
    UnknownKey,
}

/// The result of a wait.
pub(super) enum Waited {
    Done(Result<(), MissingKeys>),
    /// The wait timed out, or the fetch was abandoned.
    NoOutcome,
}

/// A registered fetch that starts after the lock is released.
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

    /// Returns `true` if requests with keys past their lifetime wait for this fetch at `now`.
    pub(super) fn holds_requests(&self, now: Instant) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    /// Waits for the outcome until `until`. Requires a tokio runtime.
    pub(super) async fn wait_until(mut self, until: Instant) -> Waited {
        match timeout_at(until, self.outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => Waited::Done(outcome.clone().unwrap_or(Ok(()))),
            Ok(Err(_)) | Err(_) => Waited::NoOutcome,
        }
    }
}

impl PlannedFetch {
    /// Sends the outcome to the waiting requests.
    pub(super) fn announce(&self, outcome: Result<(), MissingKeys>) {
        self.announce.send_replace(Some(outcome));
    }
}
