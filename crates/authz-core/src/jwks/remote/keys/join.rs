use std::sync::{Arc, atomic::Ordering};

use tokio::{runtime::Handle, time::Instant};

use super::{Deferred, KeysState, RemoteKeys};
use crate::{
    clock::later,
    jwks::{
        error::KeysErrorKind,
        provider::{KeyLookup, MissingKeys, UnknownKey},
        remote::in_flight::{InFlightFetch, PlannedFetch, Purpose},
    },
};

/// The result of [`RemoteKeys::join`].
pub(in crate::jwks::remote) enum Joined {
    Wait(InFlightFetch),
    /// No fetch starts. The request uses this result.
    Answer(KeyLookup),
    /// No fetch is needed. The request looks the key up again.
    LookAgain,
}

impl RemoteKeys {
    /// Returns a fetch to wait for: the one in flight, or a new one if `purpose` has budget left.
    pub(in crate::jwks::remote) fn join(
        self: &Arc<Self>,
        purpose: Purpose,
        kid: Option<&str>,
        runtime: &Handle,
        now: Instant,
    ) -> Joined {
        let mut deferred = Deferred::default();
        let mut state = self.state();
        self.expire(&mut state, now, &mut deferred);
        let joined = self.join_locked(&mut state, purpose, kid, now, &mut deferred);
        drop(state);
        self.run(deferred, Some(runtime));
        joined
    }

    fn join_locked(
        self: &Arc<Self>,
        state: &mut KeysState,
        purpose: Purpose,
        kid: Option<&str>,
        now: Instant,
        deferred: &mut Deferred,
    ) -> Joined {
        if let Some(fetch) = &state.in_flight {
            return Joined::Wait(fetch.clone());
        }
        match purpose {
            // The keys arrived after the lookup.
            Purpose::First if self.has_keys(now) => return Joined::LookAgain,
            Purpose::First if !state.schedule.is_due(now) => {
                return Joined::Answer(KeyLookup::Unavailable(state.missing(now)));
            }
            Purpose::Routine => return Joined::LookAgain,
            Purpose::UnknownKey => {
                if state.unknown.contains(kid, now) {
                    return Joined::Answer(KeyLookup::Unknown(UnknownKey::NotInSet));
                }
                if state.schedule.is_held_back(now) || !state.bucket.take(now) {
                    return Joined::Answer(state.without_budget(now));
                }
            }
            Purpose::First => {}
        }
        deferred.fetch = Some(self.plan(state, purpose, now));
        match &state.in_flight {
            Some(fetch) => Joined::Wait(fetch.clone()),
            None => Joined::LookAgain,
        }
    }

    /// Registers a fetch, which is spawned after the lock is released.
    pub(super) fn plan(
        &self,
        state: &mut KeysState,
        purpose: Purpose,
        now: Instant,
    ) -> PlannedFetch {
        let deadline = later(now, self.settings.source.timeout);
        let overdue = (self.current.load().as_ref()).is_some_and(|it| now >= it.fresh_until);
        // While scheduled attempts fail, waiting for the next one is useless.
        let failing = state.last_failure.as_ref().is_some_and(|error| {
            let late = now.saturating_duration_since(state.schedule.due());
            late <= Self::BACKGROUND_GRACE && error.kind() != KeysErrorKind::Stopped
        });
        let hold_until = (overdue && !failing).then(|| later(now, Self::MAX_HOLD).min(deadline));
        let id = state.next_id;
        state.next_id += 1;
        let memory = state.memory.clone();
        let (fetch, planned) = InFlightFetch::plan(id, purpose, deadline, hold_until, memory);
        state.in_flight = Some(fetch);
        self.fetches.fetch_add(1, Ordering::Relaxed);
        planned
    }
}

impl KeysState {
    /// Returns the result for an unknown key when the fetch budget is spent. Then a fetch ran
    /// within the last interval. If it succeeded, the key set is recent enough to reject the token.
    /// If it failed, the result is undecidable.
    fn without_budget(&self, now: Instant) -> KeyLookup {
        match &self.last_failure {
            None => KeyLookup::Unknown(UnknownKey::NotInSet),
            Some(error) => KeyLookup::Unavailable(MissingKeys {
                retry_after: self.bucket.next(now).max(self.schedule.held_back_for(now)),
                error: Arc::clone(error),
            }),
        }
    }
}
