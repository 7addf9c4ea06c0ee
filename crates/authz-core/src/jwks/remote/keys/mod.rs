//! Holds the current keys of a remote key set and decides about every change.

mod background;
mod completion;
mod fetch_task;
mod join;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{runtime::Handle, sync::Notify, time::Instant};

pub(super) use self::join::Joined;
use super::{
    in_flight::{FetchId, InFlightFetch, PlannedFetch, Purpose},
    log::Event,
    schedule::Schedule,
    settings::{FetchSettings, RefreshMode},
    source::SourceState,
    unknown_kids::UnknownKids,
};
use crate::{
    clock::later,
    jwks::{
        error::KeysError,
        fetch_error::FetchError,
        key_set::KeySet,
        provider::{KeyStatus, MissingKeys},
    },
    metrics::IssuerMetrics,
    token_bucket::TokenBucket,
};

/// The state that requests, the background task and fetches share.
///
/// Each use compares times to decide whether the keys are valid. Nothing relies on a task that runs
/// on time, or at all.
#[derive(Debug)]
pub(super) struct RemoteKeys {
    settings: FetchSettings,
    /// The current keys. Written only under the lock of `state`.
    current: ArcSwapOption<Snapshot>,
    /// Until this time, in nanoseconds after `origin`, requests use the keys without further
    /// checks.
    quiet_until: AtomicU64,
    origin: Instant,
    state: Mutex<KeysState>,
    /// Wakes the background task after the schedule has changed.
    rescheduled: Arc<Notify>,
    fetches: AtomicU64,
    failures: AtomicU64,
    metrics: OnceLock<IssuerMetrics>,
}

/// A key set and its times.
#[derive(Debug)]
struct Snapshot {
    keys: KeySet,
    confirmed_at: Instant,
    fresh_until: Instant,
    /// The end of the outage window.
    usable_until: Instant,
}

/// Protected by a lock that is held briefly. No foreign code runs under it: no spawn, no fetcher,
/// no log subscriber.
#[derive(Debug)]
struct KeysState {
    in_flight: Option<InFlightFetch>,
    next_id: FetchId,
    schedule: Schedule,
    bucket: TokenBucket,
    unknown: UnknownKids,
    memory: SourceState,
    /// The error of the last attempt, if it failed.
    last_failure: Option<Arc<KeysError>>,
}

/// How a request may use the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyStanding {
    Usable,
    /// The keys are past their lifetime, and a fetch that may renew them has just started.
    AwaitRefresh,
    NoKeys,
}

/// Work that runs after the lock is released.
#[must_use]
#[derive(Default)]
struct Deferred {
    fetch: Option<PlannedFetch>,
    events: Vec<Event>,
    /// Errors to drop: their `drop` may run foreign code.
    forgotten: Vec<Arc<KeysError>>,
    /// Wakes the background task.
    rescheduled: bool,
}

impl RemoteKeys {
    /// How long a request waits for an overdue refresh before it uses the current keys.
    const MAX_HOLD: Duration = Duration::from_millis(500);

    /// How late the background task may be before a request starts the refresh.
    const BACKGROUND_GRACE: Duration = Duration::from_secs(1);

    pub(super) fn new(settings: FetchSettings) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            metrics: settings
                .metrics
                .clone()
                .map(OnceLock::from)
                .unwrap_or_default(),
            state: Mutex::new(KeysState {
                in_flight: None,
                next_id: 0,
                schedule: Schedule::new(now, settings.backoff),
                bucket: TokenBucket::new(settings.unknown_kid_burst, settings.unknown_kid_interval),
                unknown: UnknownKids::new(settings.unknown_kid_interval),
                memory: SourceState::default(),
                last_failure: None,
            }),
            settings,
            current: ArcSwapOption::empty(),
            quiet_until: AtomicU64::new(0),
            origin: now,
            rescheduled: Arc::default(),
            fetches: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    pub(super) fn count_fetches(&self, metrics: &IssuerMetrics) {
        let _ = self.metrics.set(metrics.clone());
    }

    pub(super) const fn mode(&self) -> RefreshMode {
        self.settings.mode
    }

    /// Calls `use_keys` with the current keys, or `None` if there are none or they have lapsed.
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

    /// Returns `true` if the keys may be used at `now` without further checks. It costs one atomic
    /// load.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        self.since_origin(now) < self.quiet_until.load(Ordering::Acquire)
    }

    /// Returns how a request may use the keys. Starts a refresh that is due, withdraws lapsed keys,
    /// and abandons a fetch past its deadline.
    pub(super) fn standing(self: &Arc<Self>, now: Instant) -> KeyStanding {
        if self.is_quiet(now) {
            return KeyStanding::Usable;
        }
        let runtime = Handle::try_current().ok();
        let mut deferred = Deferred::default();
        let mut state = self.state();
        self.expire(&mut state, now, &mut deferred);
        let snapshot = self.current.load();
        let standing = match snapshot.as_ref() {
            None => KeyStanding::NoKeys,
            Some(snapshot) => {
                let due = self.due_for_requests(&state, snapshot);
                if state.in_flight.is_none() && now >= due && runtime.is_some() {
                    deferred.fetch = Some(self.plan(&mut state, Purpose::Routine, now));
                }
                let held = state.in_flight.as_ref();
                if held.is_some_and(|fetch| fetch.holds_requests(now)) {
                    KeyStanding::AwaitRefresh
                } else {
                    KeyStanding::Usable
                }
            }
        };
        self.set_quiet(&state, now);
        drop(state);
        self.run(deferred, runtime.as_ref());
        standing
    }

    /// Returns the rest of the backoff, if no keys are known and a backoff is running.
    pub(super) fn backing_off(&self, now: Instant) -> Option<MissingKeys> {
        let state = self.state();
        // Keys are installed under this lock, so keys that arrived after the lookup are visible
        // now.
        let waiting =
            state.in_flight.is_none() && !state.schedule.is_due(now) && !self.has_keys(now);
        waiting.then(|| state.missing(now))
    }

    pub(super) fn is_known_unknown(&self, kid: Option<&str>, now: Instant) -> bool {
        self.state().unknown.contains(kid, now)
    }

    pub(super) fn remember_unknown(&self, kid: Option<&str>, now: Instant) {
        self.state().unknown.remember(kid, now);
    }

    /// Returns the reason for missing keys, after a wait that brought none.
    pub(super) fn missing(self: &Arc<Self>, now: Instant) -> MissingKeys {
        let mut deferred = Deferred::default();
        let mut state = self.state();
        self.expire(&mut state, now, &mut deferred);
        let missing = state.missing(now);
        drop(state);
        self.run(deferred, None);
        missing
    }

    fn timed_out(&self, url: &str) -> KeysError {
        KeysError::fetch(url, FetchError::timeout(self.settings.source.timeout))
    }

    /// Abandons a fetch past its deadline, and withdraws keys past their outage window: 503 is
    /// better than unconfirmed keys.
    fn expire(&self, state: &mut KeysState, now: Instant, deferred: &mut Deferred) {
        if (state.in_flight.as_ref()).is_some_and(|fetch| now >= fetch.deadline) {
            let error = self.timed_out(&self.settings.source.describe(&state.memory));
            self.record_failure(state, error, now, deferred);
        }
        let lapsed = (self.current.load().as_ref()).is_some_and(|it| now >= it.usable_until);
        if !lapsed {
            return;
        }
        let Some(old) = self.current.swap(None) else {
            return;
        };
        old.keys.withdraw_all();
        let age = now.saturating_duration_since(old.confirmed_at);
        let error = Arc::new(KeysError::lapsed(age));
        state.memory = SourceState::default();
        state.schedule.lapsed(old.usable_until);
        state.last_failure.get_or_insert_with(|| Arc::clone(&error));
        deferred.events.push(Event::Lapsed { error });
    }

    /// Sets the time until which requests use the keys without further checks.
    fn set_quiet(&self, state: &KeysState, now: Instant) {
        let snapshot = self.current.load();
        let until = match (snapshot.as_ref(), &state.in_flight) {
            (None, _) => None,
            (Some(_), Some(fetch)) if fetch.holds_requests(now) => None,
            (Some(keys), Some(fetch)) => Some(fetch.deadline.min(keys.usable_until)),
            (Some(keys), None) => Some(self.due_for_requests(state, keys).min(keys.usable_until)),
        };
        let until = until.map_or(0, |until| self.since_origin(until));
        self.quiet_until.store(until, Ordering::Release);
    }

    /// Returns when requests start a refresh. Usually the background task starts it first.
    fn due_for_requests(&self, state: &KeysState, snapshot: &Snapshot) -> Instant {
        let due = state.schedule.due();
        match self.settings.mode {
            RefreshMode::OnRequest => due,
            RefreshMode::Background => later(due, Self::BACKGROUND_GRACE)
                .min(snapshot.fresh_until)
                .max(due),
        }
    }

    fn since_origin(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.origin);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Does the deferred work, after the lock is released.
    fn run(self: &Arc<Self>, deferred: Deferred, runtime: Option<&Handle>) {
        if let Some(fetch) = deferred.fetch {
            self.start(fetch, runtime);
        }
        if deferred.rescheduled {
            self.rescheduled.notify_one();
        }
        // During a panic, a second one in a log subscriber would abort the process.
        if std::thread::panicking() {
            return;
        }
        for event in deferred.events {
            event.log();
            if let Some(metrics) = self.metrics.get() {
                event.count(metrics);
            }
        }
    }

    pub(super) fn status(self: &Arc<Self>, now: Instant) -> KeyStatus {
        self.standing(now);
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
            next_refresh: (state.in_flight.is_none())
                .then(|| state.schedule.due().saturating_duration_since(now)),
            last_error: state.last_failure.clone(),
            fetches: self.fetches.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            endpoints: state.memory.endpoints(),
        }
    }

    /// Ignores poisoning: each field is consistent on its own, even after a panic.
    fn state(&self) -> MutexGuard<'_, KeysState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeysState {
    fn missing(&self, now: Instant) -> MissingKeys {
        let due = self.schedule.due().saturating_duration_since(now);
        MissingKeys {
            retry_after: due,
            error: match &self.last_failure {
                Some(error) => Arc::clone(error),
                None => Arc::new(KeysError::not_fetched_yet()),
            },
        }
    }
}
