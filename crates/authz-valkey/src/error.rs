use std::fmt;

use redis::RedisError;

/// Why a store can't be used. `Debug` prints the message, because a `main` that returns the error prints
/// `Debug`. The message does not contain passwords.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct ValkeyError {
    kind: ValkeyErrorKind,
    message: String,
}

/// The kinds of [`ValkeyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValkeyErrorKind {
    /// The address of the store is invalid, or needs a feature that is not compiled in.
    Address,
    /// `connect` was called outside of a tokio runtime.
    NoRuntime,
    /// There is no connection, or no answer within the time limit. The command may have had an effect.
    Unavailable,
    /// The store rejected the command, for example because it is full.
    Rejected,
    /// The answer is not one that this command can have.
    UnexpectedAnswer,
    /// The entry would have to be kept longer than the deny list keeps entries.
    EndsTooLate,
}

impl ValkeyError {
    pub(crate) fn new(kind: ValkeyErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn of_command(error: &RedisError) -> Self {
        use redis::ErrorKind::{Parse, Server, UnexpectedReturnType};
        let kind = match error.kind() {
            // Also codes that the client does not know, such as OOM.
            Server(_) | redis::ErrorKind::Extension => ValkeyErrorKind::Rejected,
            Parse | UnexpectedReturnType => ValkeyErrorKind::UnexpectedAnswer,
            _ => ValkeyErrorKind::Unavailable,
        };
        Self::new(kind, format!("the store failed: {error}"))
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> ValkeyErrorKind {
        self.kind
    }
}

impl fmt::Debug for ValkeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
