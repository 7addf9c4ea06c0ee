//! Log events about keys. They are logged after the lock is released.

use std::{sync::Arc, time::Duration};

use crate::{jwks::error::KeysError, metrics::IssuerMetrics, untrusted::Bounded};

#[derive(Debug)]
pub(super) enum Event {
    Refreshed {
        /// Whether the server sent a key set, and not 304.
        modified: bool,
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
            Self::Refreshed { keys, lifetime, .. } => tracing::info!(
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

    pub(super) fn count(&self, metrics: &IssuerMetrics) {
        match self {
            Self::Refreshed { modified, .. } => metrics.fetched(*modified),
            Self::NotRefreshed { error, .. } => metrics.not_fetched(error.label()),
            Self::Lapsed { .. } => {}
        }
    }
}
