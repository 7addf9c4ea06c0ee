use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::clock::later;

/// Stops operations for a while after one failed, so that requests don't wait for a store in trouble.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<Option<Instant>>);

/// What an outcome changed, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PauseChange {
    None,
    Failing,
    Working,
}

impl Pause {
    const TIME: Duration = Duration::from_secs(1);

    /// Returns `true` if an operation may start. After a pause, one tries alone.
    pub(super) fn may_start(&self, now: Instant) -> bool {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *until {
            None => true,
            Some(until) if now < *until => false,
            Some(until) => {
                *until = later(now, Self::TIME);
                true
            }
        }
    }

    pub(super) fn ended(&self, is_ok: bool, now: Instant) -> PauseChange {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (!is_ok).then(|| later(now, Self::TIME));
        match (std::mem::replace(&mut *until, next), is_ok) {
            (None, false) => PauseChange::Failing,
            (Some(_), true) => PauseChange::Working,
            (None, true) | (Some(_), false) => PauseChange::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operation_tries_alone_after_each_pause() {
        let pause = Pause::default();
        let mut now = Instant::now();
        assert!(pause.may_start(now) && pause.may_start(now));
        assert_eq!(pause.ended(true, now), PauseChange::None);
        assert_eq!(pause.ended(false, now), PauseChange::Failing);
        assert_eq!(pause.ended(false, now), PauseChange::None);
        for _ in 0..3 {
            assert!(!pause.may_start(now));
            now += Pause::TIME;
            assert!(pause.may_start(now));
            assert!(!pause.may_start(now));
            assert_eq!(pause.ended(false, now), PauseChange::None);
        }
        now += Pause::TIME;
        assert!(pause.may_start(now));
        assert_eq!(pause.ended(true, now), PauseChange::Working);
        assert!(pause.may_start(now) && pause.may_start(now));
    }
}
