use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locking without regard to a panic elsewhere: a test that failed while it held the lock has
/// said so already, and the issuer's state is whole between any two statements.
pub(crate) trait Locked<T> {
    fn locked(&self) -> MutexGuard<'_, T>;
}

impl<T> Locked<T> for Mutex<T> {
    fn locked(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
