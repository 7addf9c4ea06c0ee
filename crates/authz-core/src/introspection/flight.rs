use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{answer::Answer, error::IntrospectionError};
use crate::clock::later;

pub(super) type CallOutcome = Result<Arc<Answer>, Arc<IntrospectionError>>;

/// A call in flight, for all requests with the same token.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    /// When the call is abandoned even if its runtime no longer runs it.
    abandoned: Instant,
    outcome: watch::Receiver<Option<CallOutcome>>,
}

impl Flight {
    /// The call itself ends at its deadline.
    const GRACE: Duration = Duration::from_secs(1);

    pub(super) fn new(deadline: Instant) -> (Self, watch::Sender<Option<CallOutcome>>) {
        let (announce, outcome) = watch::channel(None);
        let abandoned = later(deadline, Self::GRACE);
        (Self { abandoned, outcome }, announce)
    }

    pub(super) fn is_abandoned(&self, now: Instant) -> bool {
        now >= self.abandoned
    }

    pub(super) fn is_of(&self, announce: &watch::Sender<Option<CallOutcome>>) -> bool {
        self.outcome.same_channel(&announce.subscribe())
    }

    /// Waits for the answer. Requires a tokio runtime.
    pub(super) async fn wait(mut self) -> CallOutcome {
        match timeout_at(self.abandoned, self.outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => {
                (outcome.clone()).unwrap_or_else(|| Err(Arc::new(IntrospectionError::stopped())))
            }
            Ok(Err(_)) | Err(_) => Err(Arc::new(IntrospectionError::stopped())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that was abandoned must not end the one that replaced it.
    #[tokio::test]
    async fn a_flight_knows_its_own_call() {
        let (flight, announce) = Flight::new(Instant::now());
        let (_, other) = Flight::new(Instant::now());
        assert!(flight.is_of(&announce) && !flight.is_of(&other));
    }
}
