use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use foldhash::fast::RandomState;
use quick_cache::{
    Weighter,
    sync::{Cache, DefaultLifecycle},
};
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};
use url::Origin;

use super::{
    claim::{InvalidStatus, TokenStatus},
    fetch::{FetchFailed, Fetched, ListSource, TokenIssuer},
    list::StatusList,
    settings::StatusLists,
};
use crate::{clock::later, revocation::list::RevocationStanding, untrusted::Excerpt};

/// The lists in memory, and the fetches in flight.
pub(crate) struct StatusListCache {
    source: ListSource,
    origin: Origin,
    default_lifetime: Duration,
    outage_window: Duration,
    lists: Cache<Box<str>, Arc<HeldList>, ListBytes, RandomState>,
    /// By the key of the list.
    attempts: Mutex<HashMap<Box<str>, Attempt>>,
}

struct HeldList {
    list: StatusList,
    fresh_until: Instant,
}

enum Attempt {
    /// Closed when the fetch has ended.
    Running {
        done: watch::Receiver<()>,
        /// The one before has failed, so requests don't wait for this one if they have an older list.
        retry: bool,
    },
    Failed {
        retry_at: Instant,
    },
}

/// What is known about a token's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusLookup {
    Valid,
    /// Any other status, or no status at this index.
    Refused,
    /// The list must be fetched first.
    Missing,
    Unavailable {
        retry_after: Duration,
    },
}

#[derive(Clone, Copy)]
struct ListBytes;

impl StatusListCache {
    /// The time until a failed fetch is tried again.
    const RETRY: Duration = Duration::from_secs(5);
    /// Beyond it, failures are forgotten: an issuer may name a new address in each token.
    const MAX_ATTEMPTS: usize = 1024;

    pub(super) fn new(settings: &StatusLists, origin: Origin, source: ListSource) -> Self {
        let capacity = settings.max_bytes as u64;
        Self {
            lists: Cache::with(
                16,
                capacity,
                ListBytes,
                RandomState::default(),
                DefaultLifecycle::default(),
            ),
            attempts: Mutex::default(),
            source,
            origin,
            default_lifetime: settings.default_lifetime,
            outage_window: settings.outage_window,
        }
    }

    /// Reads the status claim of a verified token of `issuer`.
    pub(crate) fn read(
        &self,
        payload: &[u8],
        issuer: &str,
    ) -> Result<Option<TokenStatus>, InvalidStatus> {
        TokenStatus::read(payload, issuer, &self.origin)
    }

    /// Returns what is known now. It runs on every request with a token that has a status.
    pub(crate) fn lookup(&self, token: &TokenStatus) -> StatusLookup {
        let now = Instant::now();
        let held = self.lists.get(&*token.key);
        let status = |held: &HeldList| match held.list.get(token.index) {
            Some(0) => StatusLookup::Valid,
            _ => StatusLookup::Refused,
        };
        if let Some(held) = held.as_ref().filter(|it| now < it.fresh_until) {
            return status(held);
        }
        let usable = held.filter(|it| now < later(it.fresh_until, self.outage_window));
        match (self.lock().get(&token.key), usable) {
            (Some(Attempt::Running { retry: true, done }), Some(held)) if is_open(done) => {
                status(&held)
            }
            (Some(Attempt::Failed { retry_at }), Some(held)) if now < *retry_at => status(&held),
            (Some(Attempt::Failed { retry_at }), None) if now < *retry_at => {
                StatusLookup::Unavailable {
                    retry_after: *retry_at - now,
                }
            }
            _ => StatusLookup::Missing,
        }
    }

    /// Waits for the list. Never returns [`Missing`](StatusLookup::Missing).
    pub(crate) async fn refresh(
        self: &Arc<Self>,
        token: &Arc<TokenStatus>,
        trusted: TokenIssuer,
    ) -> StatusLookup {
        if let Some(mut done) = self.join(token, trusted) {
            // The task has the same limit. This one is for a runtime that nobody drives.
            let limit = self.source.timeout.saturating_mul(2);
            let _ = timeout(limit, done.changed()).await;
        }
        match self.lookup(token) {
            StatusLookup::Missing => StatusLookup::Unavailable {
                retry_after: Duration::from_secs(1),
            },
            known => known,
        }
    }

    /// Joins the fetch in flight, or starts one in its own task: the request may be cancelled.
    fn join(
        self: &Arc<Self>,
        token: &Arc<TokenStatus>,
        trusted: TokenIssuer,
    ) -> Option<watch::Receiver<()>> {
        let runtime = Handle::try_current().ok()?;
        let now = Instant::now();
        let mut attempts = self.lock();
        let retry = match attempts.get(&token.key) {
            Some(Attempt::Running { done, .. }) if is_open(done) => return Some(done.clone()),
            Some(Attempt::Failed { retry_at }) if now < *retry_at => return None,
            Some(_) => true,
            None => false,
        };
        if attempts.len() >= Self::MAX_ATTEMPTS {
            attempts.retain(|_, it| matches!(it, Attempt::Running { done, .. } if is_open(done)));
        }
        let (sender, done) = watch::channel(());
        let attempt = Attempt::Running {
            done: done.clone(),
            retry,
        };
        attempts.insert(token.key.clone(), attempt);
        drop(attempts);
        let mut completion = Completion {
            cache: Arc::clone(self),
            token: Arc::clone(token),
            fetched: Err(FetchFailed::Ended),
            _done: sender,
        };
        runtime.spawn(async move {
            let Completion { cache, token, .. } = &completion;
            let fetched = cache.source.fetch(token, &trusted).await;
            completion.set(fetched);
        });
        Some(done)
    }

    fn complete(&self, token: &TokenStatus, fetched: Result<Fetched, FetchFailed>) {
        let now = Instant::now();
        let mut attempts = self.lock();
        match fetched {
            Ok((list, lifetime)) => {
                attempts.remove(&token.key);
                drop(attempts);
                let lifetime = lifetime.unwrap_or(self.default_lifetime);
                let held = HeldList {
                    list,
                    fresh_until: later(now, lifetime),
                };
                self.lists.insert(token.key.clone(), Arc::new(held));
            }
            Err(error) => {
                let retry_at = later(now, Self::RETRY);
                attempts.insert(token.key.clone(), Attempt::Failed { retry_at });
                drop(attempts);
                tracing::warn!(
                    target: "authz::revocation",
                    uri = %Excerpt(&token.uri),
                    error = %error,
                    retry_in_ms = Self::RETRY.as_millis() as u64,
                    "the status list was not fetched"
                );
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Attempt>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records the outcome of a fetch, even if its task is dropped or panics, and wakes the requests that wait.
struct Completion {
    cache: Arc<StatusListCache>,
    token: Arc<TokenStatus>,
    fetched: Result<Fetched, FetchFailed>,
    _done: watch::Sender<()>,
}

impl Completion {
    fn set(&mut self, fetched: Result<Fetched, FetchFailed>) {
        self.fetched = fetched;
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        let fetched = mem::replace(&mut self.fetched, Err(FetchFailed::Ended));
        self.cache.complete(&self.token, fetched);
    }
}

impl From<StatusLookup> for RevocationStanding {
    fn from(lookup: StatusLookup) -> Self {
        match lookup {
            StatusLookup::Valid => Self::Good,
            StatusLookup::Refused => Self::Revoked("status_list"),
            StatusLookup::Missing => Self::NeedsList,
            StatusLookup::Unavailable { retry_after } => Self::Unknown { retry_after },
        }
    }
}

impl Weighter<Box<str>, Arc<HeldList>> for ListBytes {
    fn weight(&self, key: &Box<str>, held: &Arc<HeldList>) -> u64 {
        /// The cache's overhead per entry, in bytes.
        const SLOT: usize = 256;
        (SLOT + key.len() + held.list.bytes()) as u64
    }
}

impl fmt::Debug for StatusListCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusListCache")
            .field("lists", &self.lists.len())
            .finish_non_exhaustive()
    }
}

/// Returns `true` while the fetch is running.
fn is_open(done: &watch::Receiver<()>) -> bool {
    done.has_changed().is_ok()
}
