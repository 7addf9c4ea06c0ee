//! An issuer's key set over HTTP.
//!
//! One fetch at a time, run by a task of its own so that no client's disconnection cancels it, and
//! its answer shared by all who wait. Three occasions ask for one, each with a budget of its own
//! so that none can starve another:
//!
//! 1. the routine refresh, ahead of the keys' expiry, and its retries with backoff ([`schedule`]);
//! 2. a token whose key is missing, out of a token bucket;
//! 3. the first fetch, which belongs to the schedule.
//!
//! What the answer means for the keys in use is decided in one place, [`keys`].

mod builder;
mod builder_error;
mod discovery;
mod fetch_error;
mod fetcher;
mod in_flight;
mod keys;
mod lifetime;
mod log;
#[cfg(feature = "reqwest")]
mod reqwest_fetcher;
mod schedule;
mod settings;
mod source;
mod unknown_kids;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::{runtime::Handle, time::Instant};

#[cfg(feature = "reqwest")]
pub use self::reqwest_fetcher::ReqwestFetcher;
pub(crate) use self::unknown_kids::UnknownKids;
pub use self::{
    builder::RemoteJwksBuilder,
    builder_error::{RemoteJwksError, RemoteJwksErrorKind},
    fetch_error::{FetchError, FetchErrorKind},
    fetcher::{FetchRequest, Fetched, Fetcher},
    settings::RefreshMode,
};
use self::{
    in_flight::{Purpose, Waited},
    keys::{Joined, RemoteKeys, Standing},
};
use super::{
    key_set::KeySet,
    provider::{JwksProvider, KeyLookup, KeyStatus, MissingKeys, RefreshReason, UnknownKey},
};
use crate::{crypto::VerificationKey, token::ProtectedHeader};

/// Keys fetched from the issuer, kept fresh in the background.
///
/// ```no_run
/// use std::time::Duration;
/// use authz_core::jwks::RemoteJwks;
///
/// let keys = RemoteJwks::discover("https://tenant.eu.auth0.com/")
///     .timeout(Duration::from_secs(3))
///     .build()?;
/// # Ok::<(), authz_core::jwks::RemoteJwksError>(())
/// ```
///
/// What it promises when things go wrong is a table of its own: the guide "When the key server is
/// in trouble". Dropping it ends its background task.
///
/// A request that needs keys needs a tokio runtime with timers (`enable_time` or `enable_all`, as
/// `#[tokio::main]` has them): without a runtime it gets 503; a runtime without timers panics.
#[derive(Debug)]
pub struct RemoteJwks {
    keys: Arc<RemoteKeys>,
    /// Started where there is a runtime: by `build`, or else by the first request; started again by a
    /// request when it has ended with its runtime.
    background: ArcSwapOption<AbortOnDrop>,
}

impl RemoteJwks {
    /// How long to wait for keys where nothing says how long.
    const LOOK_AGAIN: Duration = Duration::from_millis(100);

    fn new(keys: Arc<RemoteKeys>) -> Self {
        Self {
            keys,
            background: ArcSwapOption::empty(),
        }
    }

    fn ensure_background(&self) {
        if self.keys.mode() == RefreshMode::OnRequest {
            return;
        }
        let running = self.background.load();
        if running.as_ref().is_some_and(|task| !task.0.is_finished()) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if running.is_some() {
            tracing::info!(
                target: "authz::keys",
                "the task that keeps keys fresh has ended with its runtime: started again"
            );
        }
        let task = runtime.spawn(RemoteKeys::keep_fresh(Arc::downgrade(&self.keys)));
        // Of several that were started at once one stays; the others are aborted here.
        let task = Arc::new(AbortOnDrop(task.abort_handle()));
        self.background.compare_and_swap(&running, Some(task));
    }

    /// Whether there are keys. Starts nothing.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys.has_keys(Instant::now())
    }

    /// Whether there is a key that may be used. Starts nothing.
    pub(crate) fn has_a_key(&self) -> bool {
        (self.keys).with_keys(Instant::now(), |keys| keys.is_some_and(|it| !it.is_empty()))
    }

    /// What may be done with the keys. Does what is due, unless the background task has done it.
    fn standing(&self, now: Instant) -> Standing {
        if self.keys.is_quiet(now) {
            return Standing::Usable;
        }
        self.ensure_background();
        self.keys.standing(now)
    }

    fn find(keys: &KeySet, header: &ProtectedHeader<'_>) -> KeyLookup {
        let algorithm = header.algorithm();
        match keys.candidates(header.key_id(), algorithm) {
            Some(keys) => KeyLookup::Found(keys),
            None => match header.key_id() {
                Some(kid) if keys.knows(kid) => KeyLookup::Unknown(UnknownKey::WrongAlgorithm),
                _ => KeyLookup::Missing,
            },
        }
    }
}

#[async_trait]
impl JwksProvider for RemoteJwks {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        let now = Instant::now();
        if self.standing(now) == Standing::AwaitRefresh {
            return KeyLookup::Missing;
        }
        self.keys.with_keys(now, |keys| match keys {
            None => match self.keys.backing_off(now) {
                Some(missing) => KeyLookup::Unavailable(missing),
                None => KeyLookup::Missing,
            },
            Some(keys) => match Self::find(keys, header) {
                KeyLookup::Missing if self.keys.is_known_unknown(header.key_id(), now) => {
                    KeyLookup::Unknown(UnknownKey::NotInSet)
                }
                found => found,
            },
        })
    }

    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        let Some(runtime) = Handle::try_current().ok().filter(is_running) else {
            return KeyLookup::Unavailable(MissingKeys::no_runtime());
        };
        // A fetch that was under way already may have been answered before the key was published:
        // where it did not bring the key, one of our own follows.
        for _ in 0..3 {
            let now = Instant::now();
            let (purpose, awaiting) = match (self.standing(now), self.find_known(header), reason) {
                (Standing::NoKeys, ..) => (Purpose::First, false),
                (Standing::AwaitRefresh, ..) => (Purpose::Routine, true),
                (Standing::Usable, KeyLookup::Missing, _)
                | (Standing::Usable, _, RefreshReason::NoKeyVerified) => {
                    (Purpose::UnknownKey, false)
                }
                // It has arrived since the request looked.
                (Standing::Usable, found, RefreshReason::Missing) => return found,
            };
            let joined = self.keys.join(purpose, header.key_id(), &runtime, now);
            let fetch = match joined {
                Joined::Wait(fetch) => fetch,
                Joined::Answer(lookup) => return lookup,
                Joined::LookAgain => match (self.find_known(header), reason) {
                    (KeyLookup::Missing, _) | (_, RefreshReason::NoKeyVerified) => continue,
                    (found, RefreshReason::Missing) => return found,
                },
            };
            // Whether this fetch set out after the key was missed: then its answer is final.
            let ours = fetch.purpose == purpose && !awaiting;
            let until = match fetch.hold_until {
                Some(hold_until) if awaiting => hold_until,
                _ => fetch.deadline,
            };
            match fetch.wait_until(until).await {
                Waited::Done(Ok(())) => {}
                // Keys past their lifetime go on serving when the refresh fails or takes long.
                _ if awaiting => continue,
                Waited::Done(Err(missing)) => return KeyLookup::Unavailable(missing),
                Waited::NoOutcome => {
                    return KeyLookup::Unavailable(self.keys.missing(Instant::now()));
                }
            }
            match (self.find_known(header), reason) {
                (KeyLookup::Missing, _) => {}
                // The candidates were tried already: only a newer set can change the answer.
                (found, RefreshReason::NoKeyVerified) => {
                    self.keys.remember_unknown(header.key_id(), Instant::now());
                    return found;
                }
                (found, RefreshReason::Missing) => return found,
            }
            if ours {
                break;
            }
        }
        self.keys.remember_unknown(header.key_id(), Instant::now());
        KeyLookup::Unknown(UnknownKey::NotInSet)
    }

    async fn ready(&self) {
        while !self.has_keys() {
            // Without a runtime nothing can be waited for, and nothing is fetched.
            let Some(runtime) = Handle::try_current().ok().filter(is_running) else {
                return;
            };
            self.ensure_background();
            let joined = (self.keys).join(Purpose::First, None, &runtime, Instant::now());
            let wait = match joined {
                Joined::Wait(fetch) => {
                    let deadline = fetch.deadline;
                    match fetch.wait_until(deadline).await {
                        Waited::Done(Ok(())) => continue,
                        Waited::Done(Err(missing)) => missing.retry_after,
                        Waited::NoOutcome => Self::LOOK_AGAIN,
                    }
                }
                Joined::Answer(KeyLookup::Unavailable(missing)) => missing.retry_after,
                Joined::Answer(_) | Joined::LookAgain => Self::LOOK_AGAIN,
            };
            tokio::time::sleep(wait).await;
        }
    }

    fn is_current(&self, key: &VerificationKey) -> bool {
        key.is_usable()
            && self.standing(Instant::now()) == Standing::Usable
            // The keys may have lapsed just now.
            && key.is_usable()
    }

    fn status(&self) -> KeyStatus {
        self.ensure_background();
        self.keys.status(Instant::now())
    }
}

impl RemoteJwks {
    fn find_known(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        self.keys.with_keys(Instant::now(), |keys| {
            keys.map_or(KeyLookup::Missing, |keys| Self::find(keys, header))
        })
    }
}

/// Whether `runtime` has not ended: timers panic in one that has.
fn is_running(runtime: &Handle) -> bool {
    let probe = runtime.spawn(std::future::pending::<()>());
    let running = !probe.is_finished();
    probe.abort();
    running
}

#[derive(Debug)]
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
