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

/// The source of the current time, for `exp`, `nbf` and `iat`.
///
/// Lifetimes of key sets are measured with tokio's monotonic clock instead.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the current time. A time before 1970 counts as 1970.
    fn now(&self) -> SystemTime;
}

/// The system clock. On Linux it is read with `CLOCK_REALTIME_COARSE`, which is faster and may lag
/// by some milliseconds. Claims count whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock for tests. It moves only through its methods.
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
    /// Creates a clock that shows `time`, rounded down to milliseconds.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        let clock = Self(Arc::default());
        clock.set(time);
        clock
    }

    /// Creates a clock that shows the current system time.
    #[must_use]
    pub fn at_now() -> Self {
        Self::at(SystemClock.now())
    }

    /// Sets the clock to `time`, forwards or backwards.
    pub fn set(&self, time: SystemTime) {
        self.0.store(millis(since_1970(time)), Ordering::Release);
    }

    /// Advances the clock by `by`.
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

/// Returns the time since 1970, or zero for an earlier time.
pub(crate) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Returns the time `seconds` after 1970, at most the end of the year 9999.
pub(crate) fn at(seconds: u64) -> SystemTime {
    /// The end of the year 9999, which every platform can represent.
    const LATEST: u64 = 253_402_300_799;
    UNIX_EPOCH + Duration::from_secs(seconds.min(LATEST))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Returns `now + time`, or a time about 100 years from now if that overflows.
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
