use std::sync::{Arc, Weak};

use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};

use super::{Deferred, RemoteKeys};
use crate::jwks::remote::in_flight::Purpose;

impl RemoteKeys {
    /// Runs the background task, which sleeps until something is due. It holds only a weak
    /// reference while it sleeps, and is aborted with the last handle.
    pub(in crate::jwks::remote) async fn keep_fresh(keys: Weak<Self>) {
        loop {
            let Some(strong) = keys.upgrade() else {
                return;
            };
            let next = strong.tick(Instant::now());
            let rescheduled = Arc::clone(&strong.rescheduled);
            drop(strong);
            // A timeout and a notification both start the next tick.
            drop(timeout_at(next, rescheduled.notified()).await);
        }
    }

    /// Does what is due and returns the time of the next tick.
    fn tick(self: &Arc<Self>, now: Instant) -> Instant {
        let mut deferred = Deferred::default();
        let mut state = self.state();
        self.expire(&mut state, now, &mut deferred);
        let snapshot = self.current.load();
        if state.in_flight.is_none() && state.schedule.is_due(now) {
            let purpose = match snapshot.as_ref() {
                Some(_) => Purpose::Routine,
                None => Purpose::First,
            };
            deferred.fetch = Some(self.plan(&mut state, purpose, now));
        }
        let next = match &state.in_flight {
            Some(fetch) => fetch.deadline,
            None => state.schedule.due(),
        };
        let lapse = snapshot.as_ref().map(|it| it.usable_until);
        self.set_quiet(&state, now);
        drop(state);
        self.run(deferred, Handle::try_current().ok().as_ref());
        lapse.map_or(next, |lapse| next.min(lapse))
    }
}
