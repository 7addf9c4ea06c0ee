use std::sync::Arc;

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{KeysError, keys::RemoteKeys, source::SourceState};
use crate::jwks::MissingKeys;

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

/// A fetch that is registered and not started yet: it is spawned after the lock is released.
#[must_use]
pub(super) struct PlannedFetch {
    guard: CompletionGuard,
    deadline: Instant,
    memory: SourceState,
}

/// Ends the fetch in the shared state even when its task is dropped or panics.
struct CompletionGuard {
    keys: Arc<RemoteKeys>,
    id: FetchId,
    announce: watch::Sender<Announced>,
}

impl InFlightFetch {
    pub(super) fn plan(
        keys: &Arc<RemoteKeys>,
        id: FetchId,
        purpose: Purpose,
        deadline: Instant,
        hold_until: Option<Instant>,
        memory: SourceState,
    ) -> (Self, PlannedFetch) {
        let (announce, outcome) = watch::channel(None);
        let guard = CompletionGuard {
            keys: Arc::clone(keys),
            id,
            announce,
        };
        let fetch = Self {
            id,
            purpose,
            deadline,
            hold_until,
            outcome,
        };
        let planned = PlannedFetch {
            guard,
            deadline,
            memory,
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
    /// Runs the fetch in a task of its own: the request that asked for it may go away.
    pub(super) fn spawn(self, runtime: &tokio::runtime::Handle) {
        let Self {
            guard,
            deadline,
            mut memory,
        } = self;
        runtime.spawn(async move {
            let fetched = guard.keys.fetch(&mut memory, deadline).await;
            guard.keys.complete(guard.id, fetched, memory, |outcome| {
                guard.announce.send_replace(Some(outcome));
            });
        });
    }
}

impl Drop for CompletionGuard {
    fn drop(&mut self) {
        let error = if std::thread::panicking() {
            KeysError::Panicked
        } else {
            KeysError::Stopped
        };
        // Does nothing after `complete`.
        self.keys.fail(self.id, error);
    }
}
