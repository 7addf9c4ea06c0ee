//! What the operator's log says about keys. Logged by those who hold no lock.

use std::{sync::Arc, time::Duration};

use url::Url;

use super::{KeysError, address::redact};
use crate::{
    jwks::SkippedKey,
    untrusted::{Bounded, Excerpt},
};

#[derive(Debug)]
pub(super) enum Event {
    Refreshed {
        keys: usize,
        lifetime: Duration,
    },
    NotRefreshed {
        error: Arc<KeysError>,
        serving_older_keys: bool,
        retry_in: Duration,
    },
    Lapsed {
        error: Arc<KeysError>,
    },
}

impl Event {
    pub(super) fn log(&self) {
        match self {
            Self::Refreshed { keys, lifetime } => tracing::info!(
                target: "authz::keys", keys, lifetime_s = lifetime.as_secs(),
                "keys refreshed"
            ),
            Self::NotRefreshed {
                error,
                serving_older_keys,
                retry_in,
            } => tracing::warn!(
                target: "authz::keys", error = %Bounded(error, 1000), serving_older_keys,
                retry_in_ms = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX),
                "keys were not refreshed"
            ),
            Self::Lapsed { error } => tracing::error!(
                target: "authz::keys", error = %Bounded(error, 1000),
                "keys are no longer used"
            ),
        }
    }

    /// Keys that are not used, of which so many are told one by one.
    pub(super) const SKIPPED_KEYS: usize = 20;

    pub(super) fn log_skipped(skipped: &[SkippedKey], url: &Url) {
        for skipped in skipped.iter().take(Self::SKIPPED_KEYS) {
            tracing::warn!(
                target: "authz::keys", url = redact(url.as_str()), key = skipped.index,
                kid = skipped.kid.as_deref().map(Excerpt).map(tracing::field::debug),
                error = %Bounded(&skipped.error, 500),
                "a key of the set is not used"
            );
        }
        let more = skipped.len().saturating_sub(Self::SKIPPED_KEYS);
        if more > 0 {
            tracing::warn!(
                target: "authz::keys", url = redact(url.as_str()), keys = more,
                "further keys of the set are not used"
            );
        }
    }
}
