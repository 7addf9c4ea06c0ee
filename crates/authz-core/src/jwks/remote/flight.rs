use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use http::HeaderMap;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    KeysError, RefreshMode,
    budget::{TokenBucket, UnknownKids},
    builder::Settings,
    lifetime,
    schedule::Schedule,
    source::{Document, Memory},
};
use crate::jwks::{KeyLookup, KeySet, KeySetError, KeyStatus, MissingKeys, UnknownKey};

/// All that requests, the background task and a fetch under way share.
#[derive(Debug)]
pub(super) struct Shared {
    settings: Settings,
    /// The keys in use. Read by every request, written by [`Shared::settle`] alone.
    current: ArcSwapOption<Snapshot>,
    state: Mutex<State>,
    /// The schedule has changed: the background task looks at it again.
    rescheduled: Notify,
    fetches: AtomicU64,
    failures: AtomicU64,
}

/// A key set with the times that hold for it.
#[derive(Debug)]
struct Snapshot {
    keys: KeySet,
    confirmed_at: Instant,
    fresh_until: Instant,
    /// The end of the outage window.
    usable_until: Instant,
}

/// Behind a lock that is held for a few instructions, never across an `.await`, and never taken
/// for a token whose key is known.
#[derive(Debug)]
struct State {
    flight: Option<Flight>,
    schedule: Schedule,
    bucket: TokenBucket,
    unknown: UnknownKids,
    memory: Memory,
    /// Why the last attempt failed, while it is the last.
    last_error: Option<Arc<KeysError>>,
}

/// A fetch under way, seen by one who waits for it.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    purpose: Purpose,
    landed: watch::Receiver<Option<Result<(), MissingKeys>>>,
}

/// On which occasion a fetch is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There are no keys.
    First,
    /// The keys are due for renewal.
    Routine,
    /// The keys are past their lifetime, and there is no background task to have renewed them.
    Expired,
    /// A token's key is not among them.
    UnknownKey,
}

pub(super) enum Boarding {
    Flight(Flight),
    /// No fetch is to be had, and this is the answer then.
    Denied(KeyLookup),
    /// No fetch is to be had, but there are keys to go on with.
    Stale,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            state: Mutex::new(State {
                flight: None,
                schedule: Schedule::new(now, settings.backoff),
                bucket: TokenBucket::new(settings.unknown_kid_burst, settings.unknown_kid_interval),
                unknown: UnknownKids::new(),
                memory: Memory::default(),
                last_error: None,
            }),
            settings,
            current: ArcSwapOption::empty(),
            rescheduled: Notify::new(),
            fetches: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    pub(super) const fn mode(&self) -> RefreshMode {
        self.settings.mode
    }

    /// Calls `use_keys` with the keys in use, if there are any that may be used.
    pub(super) fn with_keys<T>(
        &self,
        now: Instant,
        use_keys: impl FnOnce(Option<&KeySet>) -> T,
    ) -> T {
        let snapshot = self.current.load();
        let usable = snapshot.as_ref().filter(|it| now < it.usable_until);
        use_keys(usable.map(|it| &it.keys))
    }

    pub(super) fn has_keys(&self, now: Instant) -> bool {
        self.with_keys(now, |keys| keys.is_some())
    }

    /// Without a background task a request starts what is due; past the keys' lifetime it waits.
    pub(super) fn must_wait_for_refresh(self: &Arc<Self>, now: Instant) -> bool {
        if self.mode() == RefreshMode::Background {
            return false;
        }
        let snapshot = self.current.load();
        let Some(snapshot) = snapshot.as_ref() else {
            return false;
        };
        let mut state = self.state();
        if state.flight.is_some() || !state.schedule.is_due(now) {
            return state.flight.is_some() && now >= snapshot.fresh_until;
        }
        if now >= snapshot.fresh_until {
            return true;
        }
        self.take_off(&mut state, Purpose::Routine);
        false
    }

    /// As [`must_wait_for_refresh`](Self::must_wait_for_refresh), for the path that reads no clock
    /// while there is a background task.
    pub(super) fn must_wait_for_refresh_on_request(self: &Arc<Self>) -> bool {
        self.mode() == RefreshMode::OnRequest && {
            let now = Instant::now();
            self.must_wait_for_refresh(now) || !self.has_keys(now)
        }
    }

    /// Without keys: whether, and for how long, no fetch may start.
    pub(super) fn backing_off(&self, now: Instant) -> Option<MissingKeys> {
        let state = self.state();
        // Keys arrive under this lock: those that came since the request looked are seen now.
        let waiting = state.flight.is_none() && !state.schedule.is_due(now) && !self.has_keys(now);
        waiting.then(|| state.missing(now))
    }

    pub(super) fn is_known_unknown(&self, kid: Option<&str>, now: Instant) -> bool {
        self.state().unknown.contains(kid, now)
    }

    pub(super) fn remember_unknown(&self, kid: Option<&str>, now: Instant) {
        let mut state = self.state();
        let until = now + state.bucket.interval();
        state.unknown.remember(kid, now, until);
    }

    /// A fetch to wait for: the one under way, or a new one if `purpose` has budget left.
    pub(super) fn board(
        self: &Arc<Self>,
        purpose: Purpose,
        kid: Option<&str>,
        now: Instant,
    ) -> Boarding {
        let mut state = self.state();
        if let Some(flight) = &state.flight {
            return Boarding::Flight(flight.clone());
        }
        match purpose {
            // They have arrived since the request looked: nothing is missing.
            Purpose::First if self.has_keys(now) => return Boarding::Stale,
            Purpose::First if !state.schedule.is_due(now) => {
                return Boarding::Denied(KeyLookup::Unavailable(state.missing(now)));
            }
            Purpose::Expired if !state.schedule.is_due(now) => return Boarding::Stale,
            Purpose::UnknownKey => {
                if state.unknown.contains(kid, now) {
                    return Boarding::Denied(KeyLookup::Unknown(UnknownKey::NotInSet));
                }
                if state.schedule.is_held_back(now) || !state.bucket.take(now) {
                    return Boarding::Denied(state.without_budget(now));
                }
            }
            Purpose::First | Purpose::Routine | Purpose::Expired => {}
        }
        Boarding::Flight(self.take_off(&mut state, purpose))
    }

    /// Starts a fetch in a task of its own: whoever asked for it may go away.
    fn take_off(self: &Arc<Self>, state: &mut State, purpose: Purpose) -> Flight {
        let (announce, landed) = watch::channel(None);
        let flight = Flight { purpose, landed };
        state.flight = Some(flight.clone());
        let landing = Landing {
            shared: Arc::clone(self),
            announce,
            settled: false,
        };
        let mut memory = state.memory.clone();
        self.fetches.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut landing = landing;
            let shared = Arc::clone(&landing.shared);
            let fetched = shared.settings.source.fetch(&mut memory).await;
            landing.settled = true;
            let outcome = shared.settle(fetched, &memory);
            landing.announce.send_replace(Some(outcome));
        });
        flight
    }

    /// Ends the fetch under way: what its answer means for the keys in use, the schedule and the
    /// memory of unknown keys. One fetch is under way at a time and ends here before the next
    /// begins, so an older answer never replaces a newer one.
    fn settle(
        &self,
        fetched: Result<Document, KeysError>,
        memory: &Memory,
    ) -> Result<(), MissingKeys> {
        let now = Instant::now();
        let renewed = fetched.and_then(|document| self.read(document, memory.clone()));
        let mut state = self.state();
        let purpose = state.flight.take().map(|flight| flight.purpose);
        let outcome = match renewed {
            Ok((keys, headers, memory)) => {
                let lifetime = lifetime::freshness(
                    &headers,
                    self.settings.default_lifetime,
                    &self.settings.lifetime_bounds,
                );
                state.memory = memory;
                state.last_error = None;
                state.unknown.clear();
                state.schedule.succeeded(now, lifetime);
                self.replace(keys, now, lifetime);
                Ok(())
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                // Where the keys are is looked for anew; what they were is still known.
                state.memory.forget_place();
                let have_keys = self.with_keys(now, |keys| keys.is_some());
                let due = state.schedule.due();
                state.schedule.failed(now, have_keys, error.retry_after());
                if purpose == Some(Purpose::UnknownKey) {
                    // Strangers can bring a routine refresh forward, never put it off.
                    state.schedule.not_later_than(due);
                }
                let next = state.schedule.due().saturating_duration_since(now);
                tracing::warn!(
                    target: "authz::keys", %error, serving_older_keys = have_keys,
                    retry_in_ms = u64::try_from(next.as_millis()).unwrap_or(u64::MAX),
                    "keys were not refreshed"
                );
                state.last_error = Some(Arc::new(error));
                Err(state.missing(now))
            }
        };
        drop(state);
        self.rescheduled.notify_one();
        outcome
    }

    /// The keys of a fetched document; `None` where the server says that they are still the same.
    fn read(
        &self,
        document: Document,
        mut memory: Memory,
    ) -> Result<(Option<KeySet>, HeaderMap, Memory), KeysError> {
        let (fetched, url) = match document {
            Document::NotModified(headers) => return Ok((None, headers, memory)),
            Document::New { fetched, url } => (fetched, url.to_string()),
        };
        let parsed =
            KeySet::parse_with(&fetched.body, self.settings.backend, self.settings.max_keys)
                .map_err(|source| KeysError::KeySet {
                    url: url.clone(),
                    source,
                })?;
        if parsed.keys.is_empty() {
            return Err(KeysError::KeySet {
                url,
                source: KeySetError::NoUsableKey {
                    total: parsed.skipped.len(),
                    skipped: parsed.skipped,
                },
            });
        }
        for skipped in &parsed.skipped {
            tracing::warn!(
                target: "authz::keys", %url, key = skipped.index, kid = ?skipped.kid, error = %skipped.error,
                "a key of the set is not used"
            );
        }
        memory.remember_validators(&fetched.headers);
        Ok((Some(parsed.keys), fetched.headers, memory))
    }

    fn replace(&self, keys: Option<KeySet>, now: Instant, lifetime: Duration) {
        let old = self.current.load_full();
        let keys = match (keys, &old) {
            (Some(keys), Some(old)) => keys.keeping(&old.keys),
            (Some(keys), None) => keys,
            (None, Some(old)) => KeySet::from_keys(old.keys.iter().cloned().collect()),
            (None, None) => return,
        };
        let fresh_until = now + lifetime;
        let new = Arc::new(Snapshot {
            keys,
            confirmed_at: now,
            fresh_until,
            usable_until: fresh_until + self.settings.outage_window,
        });
        self.current.store(Some(Arc::clone(&new)));
        // After the new keys are in use: a token accepted by an old key in between is then found
        // withdrawn by its next request, since the mark is looked at on every hit.
        if let Some(old) = old {
            old.keys.withdraw_all_but(&new.keys);
        }
        tracing::info!(
            target: "authz::keys", keys = new.keys.len(), lifetime_s = lifetime.as_secs(),
            "keys refreshed"
        );
    }

    /// Does what is due, and says when to be asked again. For the background task.
    fn tick(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let lapse = self.current.load().as_ref().map(|it| it.usable_until);
        if lapse.is_some_and(|at| now >= at) {
            self.lapse(now);
        }
        let mut state = self.state();
        if state.flight.is_some() {
            // Its end is told by `rescheduled`; until then only the keys' own end matters.
            return lapse.filter(|at| now < *at);
        }
        if state.schedule.is_due(now) {
            let purpose = if lapse.is_some() {
                Purpose::Routine
            } else {
                Purpose::First
            };
            self.take_off(&mut state, purpose);
            return lapse.filter(|at| now < *at);
        }
        let due = state.schedule.due();
        Some(lapse.filter(|at| now < *at).map_or(due, |at| at.min(due)))
    }

    /// The outage window is over: better to answer 503 than to trust keys nobody has confirmed.
    fn lapse(&self, now: Instant) {
        let Some(old) = self.current.swap(None) else {
            return;
        };
        for key in old.keys.iter() {
            key.withdraw();
        }
        let age = now.saturating_duration_since(old.confirmed_at);
        let error = KeysError::Lapsed { age };
        tracing::error!(target: "authz::keys", %error, "keys are no longer used");
        let mut state = self.state();
        state.memory = Memory::default();
        state.last_error.get_or_insert_with(|| Arc::new(error));
    }

    pub(super) fn status(&self, now: Instant) -> KeyStatus {
        let state = self.state();
        let snapshot = self.current.load();
        let usable = snapshot.as_ref().filter(|it| now < it.usable_until);
        KeyStatus {
            ready: usable.is_some(),
            keys: usable.map_or(0, |it| it.keys.len()),
            key_ids: usable.map_or_else(Vec::new, |it| {
                let kids = it.keys.iter().filter_map(|key| key.kid());
                kids.map(str::to_owned).collect()
            }),
            age: usable.map(|it| now.saturating_duration_since(it.confirmed_at)),
            next_refresh: (state.flight.is_none())
                .then(|| state.schedule.due().saturating_duration_since(now)),
            last_error: state.last_error.clone(),
            fetches: self.fetches.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }

    /// A panic while the lock was held can't leave the state half changed in a way that matters:
    /// every field stands for itself.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn missing(&self, now: Instant) -> MissingKeys {
        let due = self.schedule.due().saturating_duration_since(now);
        MissingKeys {
            retry_after: due,
            error: (self.last_error.clone()).unwrap_or_else(|| Arc::new(KeysError::NotFetchedYet)),
        }
    }

    /// The answer for an unknown key when no fetch may be spent on it. The bucket is empty only
    /// where one was spent within the last interval: if that succeeded, the set seen is young
    /// enough to say no; if it failed, nothing can be said.
    fn without_budget(&self, now: Instant) -> KeyLookup {
        match &self.last_error {
            None => KeyLookup::Unknown(UnknownKey::NotInSet),
            Some(error) => KeyLookup::Unavailable(MissingKeys {
                retry_after: self.bucket.next(now).max(self.schedule.held_back_for(now)),
                error: Arc::clone(error),
            }),
        }
    }
}

impl Flight {
    /// Whether this flight set out for what `purpose` needs: then its answer is final.
    pub(super) fn answers(&self, purpose: Purpose) -> bool {
        self.purpose == purpose
    }

    pub(super) async fn landed(mut self) -> Result<(), MissingKeys> {
        match self.landed.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Ok(())),
            Err(_) => Err(MissingKeys {
                retry_after: Duration::from_secs(1),
                error: Arc::new(KeysError::Stopped),
            }),
        }
    }
}

/// Makes room for the next fetch even when the task of this one is dropped or panics.
struct Landing {
    shared: Arc<Shared>,
    announce: watch::Sender<Option<Result<(), MissingKeys>>>,
    settled: bool,
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.settled {
            let mut state = self.shared.state();
            state.flight = None;
            state.schedule.failed(Instant::now(), true, None);
            drop(state);
            self.shared.rescheduled.notify_one();
        }
    }
}

/// The background task: sleeps until something is due. Holds no more than a weak reference while
/// it sleeps, and is aborted with the last handle.
pub(super) async fn keep_fresh(shared: Weak<Shared>) {
    loop {
        let Some(strong) = shared.upgrade() else {
            return;
        };
        let next = strong.tick(Instant::now());
        let rescheduled = strong.rescheduled.notified();
        match next {
            // Either way it is time to look again.
            Some(at) => drop(tokio::time::timeout_at(at, rescheduled).await),
            None => rescheduled.await,
        }
    }
}
