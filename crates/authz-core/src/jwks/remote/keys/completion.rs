//! Completes fetches.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http::HeaderMap;
use tokio::time::Instant;

use super::{Deferred, KeysState, RemoteKeys, Snapshot};
use crate::{
    clock::later,
    jwks::{
        address::redact,
        error::{KeysError, KeysErrorKind},
        key_set::KeySet,
        key_set_error::{KeySetError, SkippedKey},
        provider::MissingKeys,
        remote::{
            in_flight::{FetchId, Purpose},
            lifetime,
            log::Event,
            source::{FetchedDocument, SourceState},
        },
    },
};

impl RemoteKeys {
    /// Completes the fetch `id`: updates keys, schedule and state. Only one fetch is in flight, and
    /// an abandoned one changes nothing, so an older result never replaces a newer one.
    pub(super) fn complete(
        self: &Arc<Self>,
        id: FetchId,
        fetched: Result<FetchedDocument, KeysError>,
        memory: SourceState,
        announce: impl FnOnce(Result<(), MissingKeys>),
    ) {
        let renewed = fetched.and_then(|document| self.read(document, memory));
        let now = Instant::now();
        let mut deferred = Deferred::default();
        let mut state = self.state();
        if state.in_flight.as_ref().is_none_or(|it| it.id != id) {
            return;
        }
        let outcome = match renewed {
            // 304 is useless once the keys have lapsed.
            Ok((None, ..)) if !self.has_keys(now) => Err(KeysError::not_modified()),
            Ok((keys, headers, memory)) => {
                state.in_flight = None;
                let lifetime = lifetime::freshness(
                    &headers,
                    self.settings.default_lifetime,
                    &self.settings.lifetime_bounds,
                );
                state.memory = memory;
                deferred.forgotten.extend(state.last_failure.take());
                state.schedule.succeeded(now, lifetime);
                deferred.rescheduled = true;
                deferred.events.extend(self.replace(keys, now, lifetime));
                Ok(())
            }
            Err(error) => Err(error),
        };
        let outcome = outcome.map_err(|error| {
            self.record_failure(&mut state, error, now, &mut deferred);
            state.missing(now)
        });
        self.set_quiet(&state, now);
        drop(state);
        announce(outcome);
        self.run(deferred, None);
    }

    /// Fails the fetch `id`, unless it is complete.
    pub(super) fn fail(self: &Arc<Self>, id: FetchId, error: KeysError) {
        let now = Instant::now();
        let mut deferred = Deferred::default();
        let mut state = self.state();
        if state.in_flight.as_ref().is_none_or(|it| it.id != id) {
            return;
        }
        self.record_failure(&mut state, error, now, &mut deferred);
        self.set_quiet(&state, now);
        drop(state);
        self.run(deferred, None);
    }

    /// Records that the fetch in flight has failed.
    pub(super) fn record_failure(
        &self,
        state: &mut KeysState,
        error: KeysError,
        now: Instant,
        deferred: &mut Deferred,
    ) {
        let purpose = state.in_flight.take().map(|fetch| fetch.purpose);
        self.failures.fetch_add(1, Ordering::Relaxed);
        // The next attempt repeats discovery but keeps the validators.
        state.memory.forget_place();
        if error.kind() == KeysErrorKind::NotModified {
            state.memory = SourceState::default();
        }
        let have_keys = self.has_keys(now);
        let due = state.schedule.due();
        // A task that ended with its runtime does not indicate a server failure.
        if error.kind() != KeysErrorKind::Stopped {
            state.schedule.failed(now, have_keys, error.retry_after());
        }
        if purpose == Some(Purpose::UnknownKey) {
            // A failure that an unknown key caused must not delay the routine refresh.
            state.schedule.not_later_than(due);
        }
        let error = Arc::new(error);
        deferred.rescheduled = true;
        deferred.events.push(Event::NotRefreshed {
            error: Arc::clone(&error),
            serving_older_keys: have_keys,
            retry_in: state.schedule.due().saturating_duration_since(now),
        });
        (deferred.forgotten).extend(state.last_failure.replace(error));
    }

    /// Parses the keys of a fetched document. Returns no keys for 304.
    fn read(
        &self,
        document: FetchedDocument,
        mut memory: SourceState,
    ) -> Result<(Option<KeySet>, HeaderMap, SourceState), KeysError> {
        let (fetched, url) = match document {
            FetchedDocument::NotModified(headers) => return Ok((None, headers, memory)),
            FetchedDocument::New { fetched, url } => (fetched, url),
        };
        let failed = |error: KeySetError| KeysError::key_set(&redact(url.as_str()), &error);
        let parsed =
            KeySet::parse_with(&fetched.body, self.settings.backend, self.settings.max_keys)
                .map_err(failed)?;
        if parsed.keys.is_empty() && !(self.settings.may_be_empty && parsed.skipped.is_empty()) {
            return Err(failed(KeySetError::no_usable_key(parsed.skipped)));
        }
        SkippedKey::log(&parsed.skipped, Some(&url));
        memory.remember_validators(&url, &fetched.headers);
        Ok((Some(parsed.keys), fetched.headers, memory))
    }

    fn replace(&self, keys: Option<KeySet>, now: Instant, lifetime: Duration) -> Option<Event> {
        let old = self.current.load_full();
        let modified = keys.is_some();
        let keys = match (keys, &old) {
            (Some(keys), Some(old)) => keys.keeping(&old.keys),
            (Some(keys), None) => keys,
            (None, Some(old)) => KeySet::from_keys(old.keys.iter().cloned().collect()),
            (None, None) => return None,
        };
        let fresh_until = later(now, lifetime);
        let new = Arc::new(Snapshot {
            keys,
            confirmed_at: now,
            fresh_until,
            usable_until: later(fresh_until, self.settings.outage_window),
        });
        self.current.store(Some(Arc::clone(&new)));
        // Withdraw old keys only after the new set is installed. A token that an old key verified
        // in between is rejected on its next request, because each hit checks the flag.
        if let Some(old) = old {
            old.keys.withdraw_all_but(&new.keys);
        }
        Some(Event::Refreshed {
            modified,
            keys: new.keys.len(),
            lifetime,
        })
    }
}
