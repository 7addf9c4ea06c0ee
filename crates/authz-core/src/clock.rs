#[cfg(any(test, not(target_os = "linux")))]
use std::time::{SystemTime, UNIX_EPOCH};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

/// What time it is, for `exp`, `nbf` and `iat`.
///
/// The lifetimes of key sets are measured by tokio's clock instead, which no operator turns back.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}

/// The machine's clock. On Linux it may be some milliseconds late, which is what one reading of it in
/// every request is worth: what it is compared with are whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that stands still until it is moved, for tests.
///
/// ```
/// use std::time::Duration;
/// use authz_core::{Clock, ManualClock};
///
/// let clock = ManualClock::at(Duration::from_secs(1_700_000_000));
/// let same_clock = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(same_clock.now().as_secs(), 1_700_000_060);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `since_1970`, in whole milliseconds.
    #[must_use]
    pub fn at(since_1970: Duration) -> Self {
        let clock = Self(Arc::default());
        clock.set(since_1970);
        clock
    }

    /// A clock that shows what the machine's clock shows now.
    #[must_use]
    pub fn at_now() -> Self {
        Self::at(SystemClock.now())
    }

    /// Moves the clock to `since_1970`, forwards or backwards.
    pub fn set(&self, since_1970: Duration) {
        self.0.store(millis(since_1970), Ordering::Release);
    }

    /// Moves the clock forwards.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::AcqRel);
    }
}

impl Clock for SystemClock {
    // A clock before 1970 is wrong; as the time 0 it makes every token "not yet valid".

    #[cfg(target_os = "linux")]
    fn now(&self) -> Duration {
        let now = clock_gettime(ClockId::RealtimeCoarse);
        let (Ok(seconds), Ok(nanos)) = (now.tv_sec.try_into(), now.tv_nsec.try_into()) else {
            return Duration::ZERO;
        };
        Duration::new(seconds, nanos)
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Acquire))
    }
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
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = SystemClock.now();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(
            now + Duration::from_millis(100) >= before && now <= after,
            "{now:?}"
        );
    }
}
