use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout_at},
};

use super::Introspector;
use crate::{
    introspection::{
        answer::Answer,
        budget::{CallStanding, Digest},
        error::IntrospectionError,
        flight::CallOutcome,
    },
    untrusted::Bounded,
};

/// Completes the call even if its task is dropped or panics.
struct CallGuard {
    introspector: Arc<Introspector>,
    digest: Digest,
    standing: CallStanding,
    announce: watch::Sender<Option<CallOutcome>>,
    is_complete: bool,
}

impl Introspector {
    /// Runs the call in its own task, because the request that started it may be cancelled.
    pub(super) fn start(
        self: &Arc<Self>,
        runtime: &Handle,
        token: Vec<u8>,
        digest: Digest,
        standing: CallStanding,
        deadline: Instant,
        announce: watch::Sender<Option<CallOutcome>>,
    ) {
        let mut guard = CallGuard {
            introspector: Arc::clone(self),
            digest,
            standing,
            announce,
            is_complete: false,
        };
        runtime.spawn(async move {
            let introspector = Arc::clone(&guard.introspector);
            if let Some(shared) = &introspector.shared
                && let ttl = introspector.settings.positive_ttl
                && let Some(answer) = shared.find(&digest, ttl).await
            {
                return guard.complete(Ok(answer));
            }
            let started = Instant::now();
            let outcome = match timeout_at(deadline, introspector.call(&token, standing)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(IntrospectionError::timeout(introspector.settings.timeout)),
            };
            introspector.observe(&outcome, started);
            guard.complete(outcome);
        });
    }

    /// Logs a failure, and counts the call. Both are foreign code, so no lock is held.
    fn observe(&self, outcome: &Result<Answer, IntrospectionError>, started: Instant) {
        let result = match outcome {
            Ok(answer) if answer.is_active() => "active",
            Ok(_) => "inactive",
            Err(error) => error.label,
        };
        self.metrics.introspected(result, started.elapsed());
        let Err(error) = outcome else { return };
        macro_rules! event {
            ($level:ident) => {
                tracing::$level!(
                    target: "authz::introspection", issuer = &*self.issuer,
                    error = %Bounded(error, 1000), hint = error.hint,
                    "the issuer did not say whether a token is active"
                )
            };
        }
        // Without a change of the configuration, no call will succeed.
        match error.label {
            "credentials" | "client" => event!(error),
            _ => event!(warn),
        }
    }
}

impl CallGuard {
    fn complete(&mut self, outcome: Result<Answer, IntrospectionError>) {
        self.is_complete = true;
        let outcome = outcome.map(Arc::new).map_err(Arc::new);
        self.introspector
            .record(self.digest, self.standing, &outcome);
        self.land();
        self.announce.send_replace(Some(outcome));
    }

    /// Removes the call from those in flight, unless another has replaced it.
    fn land(&self) {
        let mut state = self.introspector.state();
        let flight = state.flights.get(&self.digest);
        if flight.is_some_and(|it| it.is_of(&self.announce)) {
            state.flights.remove(&self.digest);
        }
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        if !self.is_complete {
            // Says nothing about the issuer. The requests that wait see that nobody will answer.
            self.land();
        }
    }
}
