//! Fetches an issuer's key set over HTTP.
//!
//! One fetch runs at a time, in its own task, so a client that disconnects does not cancel it. All
//! waiting requests share the result. Each cause of a fetch has its own budget, so none can starve
//! another:
//!
//! 1. the routine refresh, before the keys expire, and its retries with backoff ([`schedule`]);
//! 2. a token whose key is missing, limited by a token bucket;
//! 3. the first fetch, which the schedule controls too.
//!
//! [`keys`] decides how a result affects the current keys.

mod builder;
mod builder_error;
mod discovery;
mod endpoint;
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
#[cfg(feature = "ssf")]
pub(crate) use self::schedule::{Backoff, Schedule};
pub use self::{
    builder::RemoteJwksBuilder,
    builder_error::{RemoteJwksError, RemoteJwksErrorKind},
    fetcher::{FetchRequest, Fetched, Fetcher, PostRequest},
    settings::RefreshMode,
};
pub(crate) use self::{endpoint::RemoteEndpoint, unknown_kids::UnknownKids};
use self::{
    in_flight::{Purpose, Waited},
    keys::{Joined, KeyStanding, RemoteKeys},
};
use super::{
    key_set::KeySet,
    provider::{JwksProvider, KeyLookup, KeyStatus, MissingKeys, RefreshReason, UnknownKey},
};
use crate::{crypto::VerificationKey, metrics::IssuerMetrics, token::ProtectedHeader};

/// Fetches an issuer's keys and refreshes them in the background.
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
/// The guide "When the key server is in trouble" lists what happens on each failure. Dropping the
/// value stops its background task.
///
/// Requests that need keys require a tokio runtime with timers (`enable_time` or `enable_all`,
/// which `#[tokio::main]` sets). Without a runtime they get 503. In a runtime without timers they
/// panic.
#[derive(Debug)]
pub struct RemoteJwks {
    keys: Arc<RemoteKeys>,
    /// Started by `build` or by the first request, whichever runs in a runtime, and restarted by a
    /// request after its runtime ended.
    background: ArcSwapOption<AbortOnDrop>,
}

impl RemoteJwks {
    /// The wait for keys if no other time is known.
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
                "the background refresh task ended with its runtime and was restarted"
            );
        }
        let task = runtime.spawn(RemoteKeys::keep_fresh(Arc::downgrade(&self.keys)));
        // Of several tasks started concurrently one stays, and the others are aborted on drop.
        let task = Arc::new(AbortOnDrop(task.abort_handle()));
        self.background.compare_and_swap(&running, Some(task));
    }

    /// Counts the fetches of keys that the application built. Only the first authorizer that uses the
    /// keys counts.
    pub(crate) fn count_fetches(&self, metrics: &IssuerMetrics) {
        self.keys.count_fetches(metrics);
    }

    /// Returns `true` if a key set is available, even an empty one. Starts nothing.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys.has_keys(Instant::now())
    }

    /// Returns `true` if at least one key is available. Starts nothing.
    pub(crate) fn has_a_key(&self) -> bool {
        (self.keys).with_keys(Instant::now(), |keys| keys.is_some_and(|it| !it.is_empty()))
    }

    /// Returns how the keys may be used, and does what is due unless the background task did.
    fn standing(&self, now: Instant) -> KeyStanding {
        if self.keys.is_quiet(now) {
            return KeyStanding::Usable;
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
        if self.standing(now) == KeyStanding::AwaitRefresh {
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
        // A fetch that was already in flight may predate the key's publication. If it did not bring
        // the key, this request starts another one.
        for _ in 0..3 {
            let now = Instant::now();
            let (purpose, awaiting) = match (self.standing(now), self.find_known(header), reason) {
                (KeyStanding::NoKeys, ..) => (Purpose::First, false),
                (KeyStanding::AwaitRefresh, ..) => (Purpose::Routine, true),
                (KeyStanding::Usable, KeyLookup::Missing, _)
                | (KeyStanding::Usable, _, RefreshReason::NoKeyVerified) => {
                    (Purpose::UnknownKey, false)
                }
                // The key arrived after the lookup.
                (KeyStanding::Usable, found, RefreshReason::Missing) => return found,
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
            // If the fetch started after the lookup, its result is final.
            let ours = fetch.purpose == purpose && !awaiting;
            let until = match fetch.hold_until {
                Some(hold_until) if awaiting => hold_until,
                _ => fetch.deadline,
            };
            match fetch.wait_until(until).await {
                Waited::Done(Ok(())) => {}
                // If the refresh fails or is slow, keys past their lifetime are still used.
                _ if awaiting => continue,
                Waited::Done(Err(missing)) => return KeyLookup::Unavailable(missing),
                Waited::NoOutcome => {
                    return KeyLookup::Unavailable(self.keys.missing(Instant::now()));
                }
            }
            match (self.find_known(header), reason) {
                (KeyLookup::Missing, _) => {}
                // The candidates were tried already, so only a newer set can verify the token.
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
            // Without a runtime, keys can't be fetched.
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
            && self.standing(Instant::now()) == KeyStanding::Usable
            // `standing` may have withdrawn lapsed keys.
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

/// Returns `true` if `runtime` still runs. Timers panic in a runtime that has ended.
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
