use std::{ops::RangeInclusive, time::Duration};

use super::{schedule::Backoff, source::Source};
use crate::crypto::CryptoBackend;

/// Who starts a routine refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RefreshMode {
    /// A background task, ahead of the keys' expiry: no request waits for a routine refresh.
    #[default]
    Background,
    /// Requests: one that comes when a refresh is due starts it and is served from the keys at
    /// hand. After an idle time longer than the keys' lifetime, requests wait up to half a second for
    /// the refresh before they are served from the keys at hand.
    OnRequest,
}

/// The settings that a running provider needs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) source: Source,
    pub(super) backend: CryptoBackend,
    pub(super) max_keys: usize,
    /// Whether a set without keys is an answer: all keys are withdrawn.
    pub(super) may_be_empty: bool,
    pub(super) default_lifetime: Duration,
    pub(super) lifetime_bounds: RangeInclusive<Duration>,
    pub(super) outage_window: Duration,
    pub(super) unknown_kid_burst: u32,
    pub(super) unknown_kid_interval: Duration,
    pub(super) backoff: Backoff,
    pub(super) mode: RefreshMode,
}
