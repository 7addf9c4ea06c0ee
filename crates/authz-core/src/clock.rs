use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

/// What time it is, for `exp`, `nbf` and `iat`.
///
/// The lifetimes of key sets are measured by tokio's clock instead, which no operator turns back.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now. A time before 1970 counts as 1970: every token is then not yet valid.
    fn now(&self) -> SystemTime;
}

/// The machine's clock. On Linux it may be some milliseconds late, which is what one reading of it in
/// every request is worth: what it is compared with are whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that stands still until it is moved, for tests.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use authz_core::{Clock, ManualClock};
///
/// let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
/// let same_clock = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(same_clock.now(), UNIX_EPOCH + Duration::from_secs(1_700_000_060));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `time`, in whole milliseconds.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        let clock = Self(Arc::default());
        clock.set(time);
        clock
    }

    /// A clock that shows what the machine's clock shows now.
    #[must_use]
    pub fn at_now() -> Self {
        Self::at(SystemClock.now())
    }

    /// Moves the clock to `time`, forwards or backwards.
    pub fn set(&self, time: SystemTime) {
        self.0.store(millis(since_1970(time)), Ordering::Release);
    }

    /// Moves the clock forwards.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::AcqRel);
    }
}

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    fn now(&self) -> SystemTime {
        let now = clock_gettime(ClockId::RealtimeCoarse);
        let (Ok(seconds), Ok(nanos)) = (now.tv_sec.try_into(), now.tv_nsec.try_into()) else {
            return UNIX_EPOCH;
        };
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::Acquire))
    }
}

/// The time since 1970, as claims count it.
pub(crate) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time so many seconds after 1970, or the latest that can be said.
pub(crate) fn at(seconds: u64) -> SystemTime {
    /// The end of the year 9999, which every platform's clock knows.
    const LATEST: u64 = 253_402_300_799;
    UNIX_EPOCH + Duration::from_secs(seconds.min(LATEST))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `now + time`, or as late as can be said.
pub(crate) fn later(now: tokio::time::Instant, time: Duration) -> tokio::time::Instant {
    let far = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    now.checked_add(time)
        .or_else(|| now.checked_add(far))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_is_right_but_for_a_moment() {
        let before = SystemTime::now();
        let now = SystemClock.now();
        let after = SystemTime::now();
        assert!(
            now + Duration::from_millis(100) >= before && now <= after,
            "{now:?}"
        );
    }
}
