use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks and ignores poisoning: a test that panics under the lock fails by itself, and the state is
/// consistent between any two statements.
pub(crate) trait Locked<T> {
    fn locked(&self) -> MutexGuard<'_, T>;
}

impl<T> Locked<T> for Mutex<T> {
    fn locked(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
