use std::time::Duration;

use crate::jwks::{FetchError, FetchErrorKind};

/// Why a poll brought nothing, or not everything.
#[derive(Debug, thiserror::Error)]
pub(super) enum PollError {
    #[error("{0}")]
    Request(#[from] FetchError),
    #[error("this API can't authenticate: {0}")]
    Credentials(Box<dyn std::error::Error + Send + Sync>),
    #[error("the response is not `application/json`")]
    ContentType,
    #[error("the response is not one of RFC 8936: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(
        "{0} events can't be processed: the transmitter's keys are unavailable, or the list of revocations is full"
    )]
    Unprocessed(usize),
}

impl PollError {
    pub(super) const fn is_too_large(&self) -> bool {
        matches!(self, Self::Request(error) if matches!(error.kind(), FetchErrorKind::TooLarge))
    }

    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Request(error) => error.retry_after(),
            _ => None,
        }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        let Self::Request(error) = self else {
            return None;
        };
        matches!(error.status()?.as_u16(), 401 | 403).then_some(
            "the transmitter rejects this API: check the token or the client of the poller",
        )
    }
}
