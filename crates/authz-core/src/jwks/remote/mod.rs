//! An issuer's key set over HTTP.
//!
//! One fetch at a time, run by a task of its own so that no client's disconnection cancels it, and
//! its answer shared by all who wait. Three occasions ask for one, each with a budget of its own
//! so that none can starve another:
//!
//! 1. the routine refresh, ahead of the keys' expiry, and its retries with backoff ([`schedule`]);
//! 2. a token whose key is missing, out of a token bucket ([`budget`]);
//! 3. the first fetch, which belongs to the schedule.
//!
//! What the answer means for the keys in use is decided in one place, [`Shared::settle`].

mod budget;
mod builder;
mod discovery;
mod error;
mod fetcher;
mod flight;
mod lifetime;
#[cfg(feature = "reqwest")]
mod reqwest_fetcher;
mod schedule;
mod source;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::time::Instant;

use self::flight::{Purpose, Shared};
#[cfg(feature = "reqwest")]
pub use self::reqwest_fetcher::ReqwestFetcher;
pub use self::{
    builder::{RefreshMode, RemoteJwksBuilder},
    discovery::DiscoveryError,
    error::{FetchError, KeysError, RemoteJwksError},
    fetcher::{FetchRequest, Fetched, Fetcher},
};
use super::{JwksProvider, KeyLookup, KeySet, KeyStatus, RefreshReason, UnknownKey};
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
#[derive(Debug)]
pub struct RemoteJwks {
    shared: Arc<Shared>,
    /// Started where there is a runtime: at `build`, or else by the first request.
    background: OnceLock<AbortOnDrop>,
}

impl RemoteJwks {
    /// Keys at `uri`.
    pub fn at(uri: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::at(uri.into())
    }

    /// Keys found through the issuer's metadata: OpenID Connect Discovery 1.0, else RFC 8414.
    pub fn discover(issuer: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::discover(issuer.into())
    }

    fn new(shared: Arc<Shared>) -> Self {
        let remote = Self {
            shared,
            background: OnceLock::new(),
        };
        remote.start_background();
        remote
    }

    fn start_background(&self) {
        if self.shared.mode() == RefreshMode::OnRequest || self.background.get().is_some() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        self.background.get_or_init(|| {
            let task = runtime.spawn(flight::keep_fresh(Arc::downgrade(&self.shared)));
            AbortOnDrop(task.abort_handle())
        });
    }

    fn find(keys: &KeySet, header: &ProtectedHeader<'_>) -> KeyLookup {
        let algorithm = header.algorithm();
        let found = match header.key_id() {
            Some(kid) => keys.named(kid, algorithm),
            None => keys.fitting(algorithm),
        };
        match (found, header.key_id()) {
            (Some(keys), _) => KeyLookup::Found(keys),
            (None, Some(kid)) if keys.knows(kid) => KeyLookup::Unknown(UnknownKey::WrongAlgorithm),
            (None, _) => KeyLookup::Missing,
        }
    }
}

#[async_trait]
impl JwksProvider for RemoteJwks {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        let now = Instant::now();
        if self.shared.must_wait_for_refresh(now) {
            return KeyLookup::Missing;
        }
        self.shared.with_keys(now, |keys| match keys {
            None => match self.shared.backing_off(now) {
                Some(missing) => KeyLookup::Unavailable(missing),
                None => KeyLookup::Missing,
            },
            Some(keys) => match Self::find(keys, header) {
                KeyLookup::Missing if self.shared.is_known_unknown(header.key_id(), now) => {
                    KeyLookup::Unknown(UnknownKey::NotInSet)
                }
                found => found,
            },
        })
    }

    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        self.start_background();
        // A fetch that was under way already may have been answered before the key was published:
        // where it did not bring the key, one of our own follows.
        for _ in 0..3 {
            let now = Instant::now();
            let purpose = match self.shared.has_keys(now) {
                true if self.shared.must_wait_for_refresh(now) => Purpose::Expired,
                true => match (self.find_known(header), reason) {
                    (KeyLookup::Missing, _) | (_, RefreshReason::NoneFits) => Purpose::UnknownKey,
                    // It has arrived since the request looked.
                    (found, RefreshReason::Missing) => return found,
                },
                false => Purpose::First,
            };
            let flight = match self.shared.board(purpose, header.key_id(), now) {
                flight::Boarding::Flight(flight) => flight,
                flight::Boarding::Denied(lookup) => return lookup,
                flight::Boarding::Stale => match self.find_known(header) {
                    KeyLookup::Missing => continue,
                    found => return found,
                },
            };
            let ours = flight.answers(purpose);
            match (flight.landed().await, purpose) {
                (Ok(()), _) => {}
                // Keys past their lifetime go on serving when the refresh fails.
                (Err(_), Purpose::Expired) => match self.find_known(header) {
                    KeyLookup::Missing => continue,
                    found => return found,
                },
                (Err(missing), _) => return KeyLookup::Unavailable(missing),
            }
            match (self.find_known(header), reason) {
                (KeyLookup::Missing, _) => {}
                // The candidates were tried already: only a newer set can change the answer.
                (found, RefreshReason::NoneFits) => {
                    self.shared.remember_unknown(None, Instant::now());
                    return found;
                }
                (found, _) => return found,
            }
            if ours {
                break;
            }
        }
        self.shared
            .remember_unknown(header.key_id(), Instant::now());
        KeyLookup::Unknown(UnknownKey::NotInSet)
    }

    fn is_current(&self, key: &VerificationKey) -> bool {
        key.is_usable() && !self.shared.must_wait_for_refresh_on_request()
    }

    fn status(&self) -> KeyStatus {
        self.start_background();
        self.shared.status(Instant::now())
    }
}

impl RemoteJwks {
    fn find_known(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        self.shared.with_keys(Instant::now(), |keys| {
            keys.map_or(KeyLookup::Missing, |keys| Self::find(keys, header))
        })
    }
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
