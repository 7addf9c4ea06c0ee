use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::status::FeedStatus;
use crate::untrusted::Excerpt;

/// The feeds of a list, and until when they are trusted. Times are milliseconds after `epoch`, from tokio's
/// monotonic clock.
#[derive(Debug)]
pub(super) struct Feeds {
    epoch: Instant,
    outage_window: Duration,
    /// The first time when a feed is out of step.
    out_of_step_at: AtomicU64,
    /// The first time when requests get 503.
    unusable_at: AtomicU64,
    /// Whether the log says that a feed is out of step.
    is_logged: AtomicBool,
    feeds: Mutex<Vec<FeedState>>,
}

#[derive(Debug)]
struct FeedState {
    name: String,
    max_staleness: Duration,
    registered: Duration,
    in_step: Option<Duration>,
}

impl Feeds {
    pub(super) fn new(outage_window: Duration) -> Self {
        Self {
            epoch: Instant::now(),
            outage_window,
            out_of_step_at: AtomicU64::new(u64::MAX),
            unusable_at: AtomicU64::new(u64::MAX),
            is_logged: AtomicBool::new(false),
            feeds: Mutex::default(),
        }
    }

    /// Returns the index of the feed.
    pub(super) fn register(&self, name: &str, max_staleness: Duration) -> usize {
        let mut feeds = self.lock();
        let index = feeds.iter().position(|it| it.name == name);
        let index = index.unwrap_or_else(|| {
            feeds.push(FeedState {
                name: name.to_owned(),
                max_staleness,
                registered: self.epoch.elapsed(),
                in_step: None,
            });
            feeds.len() - 1
        });
        if let Some(feed) = feeds.get_mut(index) {
            feed.max_staleness = max_staleness;
        }
        self.update(&feeds);
        index
    }

    pub(super) fn in_step(&self, index: usize) {
        let mut feeds = self.lock();
        let now = self.epoch.elapsed();
        if let Some(feed) = feeds.get_mut(index) {
            feed.in_step = Some(now);
        }
        self.update(&feeds);
        let all_in_step = feeds.iter().all(|it| now < it.out_of_step_at());
        drop(feeds);
        if all_in_step && self.is_logged.swap(false, Ordering::SeqCst) {
            tracing::info!(target: "authz::revocation", "revocations are in step again");
        }
    }

    /// Returns `false` if a feed is out of step for too long.
    pub(super) fn are_usable(&self) -> bool {
        let out_of_step_at = self.out_of_step_at.load(Ordering::SeqCst);
        if out_of_step_at == u64::MAX {
            return true;
        }
        let now = millis(self.epoch.elapsed());
        now < out_of_step_at || self.are_usable_out_of_step(now)
    }

    #[cold]
    fn are_usable_out_of_step(&self, now: u64) -> bool {
        if !self.is_logged.load(Ordering::SeqCst) && !self.is_logged.swap(true, Ordering::SeqCst) {
            for feed in self.status().iter().filter(|it| !it.in_step) {
                tracing::warn!(
                    target: "authz::revocation",
                    feed = %Excerpt(&feed.name),
                    age = ?feed.age,
                    max_staleness = ?feed.max_staleness,
                    outage_window = ?self.outage_window,
                    "revocations are out of step: revoked tokens may be accepted until the outage window ends, then requests get 503"
                );
            }
        }
        now < self.unusable_at.load(Ordering::SeqCst)
    }

    pub(super) fn status(&self) -> Vec<FeedStatus> {
        let feeds = self.lock();
        let now = self.epoch.elapsed();
        let status = feeds.iter().map(|it| FeedStatus {
            name: it.name.clone(),
            age: it.in_step.map(|at| now.saturating_sub(at)),
            max_staleness: it.max_staleness,
            in_step: now < it.out_of_step_at(),
        });
        status.collect()
    }

    fn update(&self, feeds: &[FeedState]) {
        let first = feeds.iter().map(FeedState::out_of_step_at).min();
        let first = first.unwrap_or(Duration::MAX);
        let unusable = first.saturating_add(self.outage_window);
        self.unusable_at.store(millis(unusable), Ordering::SeqCst);
        self.out_of_step_at.store(millis(first), Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FeedState>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedState {
    fn out_of_step_at(&self) -> Duration {
        match self.in_step {
            Some(at) => at.saturating_add(self.max_staleness),
            None => self.registered,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
