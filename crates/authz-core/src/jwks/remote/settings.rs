use std::{ops::RangeInclusive, time::Duration};

use super::{schedule::Backoff, source::RemoteSource};
use crate::{crypto::CryptoBackend, metrics::IssuerMetrics};

/// Who starts a routine refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RefreshMode {
    /// A background task, before the keys expire. No request waits for a routine refresh.
    #[default]
    Background,
    /// Requests. A request that finds a refresh due starts it and uses the current keys. If the
    /// keys' lifetime is over, requests wait up to 500 ms for the refresh before they use the
    /// current keys.
    OnRequest,
}

/// The settings of a running provider.
#[derive(Debug)]
pub(super) struct FetchSettings {
    pub(super) source: RemoteSource,
    pub(super) backend: CryptoBackend,
    pub(super) metrics: Option<IssuerMetrics>,
    pub(super) max_keys: usize,
    /// Whether an empty set is valid and withdraws all keys.
    pub(super) may_be_empty: bool,
    pub(super) default_lifetime: Duration,
    pub(super) lifetime_bounds: RangeInclusive<Duration>,
    pub(super) outage_window: Duration,
    pub(super) unknown_kid_burst: u32,
    pub(super) unknown_kid_interval: Duration,
    pub(super) backoff: Backoff,
    pub(super) mode: RefreshMode,
}
