use std::{error::Error, fmt, time::Duration};

use http::StatusCode;

use crate::untrusted::{Bounded, ERROR_BYTES, Excerpt, debug_as_display};

/// Why an HTTP request for keys or metadata failed.
///
/// ```
/// use std::time::Duration;
/// use authz_core::jwks::{FetchError, FetchErrorKind};
///
/// let error = FetchError::transport("the connection was reset");
/// assert_eq!(error.kind(), FetchErrorKind::Transport);
/// assert_eq!(error.to_string(), "the request failed: the connection was reset");
/// ```
pub struct FetchError {
    kind: FetchErrorKind,
    message: String,
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`FetchError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// No complete response arrived within the time limit.
    Timeout,
    /// The response has a status other than 200.
    Status,
    /// The response has a content coding, although none was requested.
    ContentCoding,
    /// The response is longer than the limit.
    TooLarge,
    /// The response is a redirect that is not followed: to another origin, or beyond the limit.
    Redirect,
    /// The connection failed.
    Transport,
}

impl FetchError {
    fn new(kind: FetchErrorKind, message: String) -> Self {
        Self {
            kind,
            message,
            status: None,
            retry_after: None,
            cause: None,
        }
    }

    /// Creates an error: no complete response arrived within `limit`.
    #[must_use]
    pub fn timeout(limit: Duration) -> Self {
        let message = format!("no complete response within {} ms", limit.as_millis());
        Self::new(FetchErrorKind::Timeout, message)
    }

    /// Creates an error: the response is longer than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the response is longer than {limit} bytes");
        Self::new(FetchErrorKind::TooLarge, message)
    }

    /// Creates an error: the response is a redirect that is not followed, for this reason.
    pub fn redirect(reason: impl fmt::Display) -> Self {
        let reason = Bounded(reason, ERROR_BYTES);
        let message = format!("the response is a redirect that is not followed: {reason}");
        Self::new(FetchErrorKind::Redirect, message)
    }

    /// Creates an error: the connection failed. The message of `error` should include its causes.
    pub fn transport(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let message = format!("the request failed: {}", Bounded(&error, ERROR_BYTES));
        Self {
            cause: Some(error),
            ..Self::new(FetchErrorKind::Transport, message)
        }
    }

    pub(in crate::jwks) fn status_of(status: StatusCode, retry_after: Option<Duration>) -> Self {
        Self {
            status: Some(status),
            retry_after,
            ..Self::new(
                FetchErrorKind::Status,
                format!("the server responded with {status}"),
            )
        }
    }

    pub(in crate::jwks) fn content_coding(coding: &str) -> Self {
        let coding = Excerpt(coding);
        let message =
            format!("the response is encoded ({coding}), although no content coding was requested");
        Self::new(FetchErrorKind::ContentCoding, message)
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> FetchErrorKind {
        self.kind
    }

    /// Returns the response's status, if the request failed because of it.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        self.status
    }

    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the error passed to [`transport`](Self::transport). This error's message includes
    /// it.
    #[must_use]
    pub fn get_ref(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.cause.as_deref()
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Like `std::io::Error`: the message includes the cause, so the source is the cause's source.
impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref()?.source()
    }
}

debug_as_display!(FetchError);
