use std::{fmt, time::Duration};

use crate::{
    hints,
    rejection::Reason,
    untrusted::{Bounded, Quoted},
};

/// A rejection and its details for the operator.
///
/// `expected` and `actual` are formatted only if the rejection is logged. Otherwise the sender of a
/// bad token could choose how much work it causes.
#[derive(Debug)]
pub(crate) struct ValidationError {
    pub(crate) reason: Reason,
    /// What would have been accepted. It comes from the configuration and may be long, so it is
    /// truncated.
    pub(crate) expected: Option<String>,
    /// What was received instead. It comes from the caller, so it is escaped and truncated.
    pub(crate) actual: Option<String>,
    pub(crate) hint: Option<&'static str>,
    /// Whether a log subscriber is interested in this rejection.
    pub(crate) is_logged: bool,
    /// Whether the request carries credentials of another scheme. Such a request is logged like a
    /// bad token.
    pub(crate) had_credentials: bool,
    /// The `Retry-After` of the response.
    pub(crate) retry_after: Option<Duration>,
}

impl ValidationError {
    /// Longest `expected` in the log, in bytes. A list of a thousand clients must not fill the log.
    const MAX_EXPECTED: usize = 600;

    pub(crate) fn new(reason: Reason) -> Self {
        let is_logged = is_logged(reason);
        Self {
            reason,
            expected: None,
            actual: None,
            hint: hints::reason(reason),
            is_logged,
            had_credentials: false,
            retry_after: None,
        }
    }

    /// Rejects credentials that aren't a bearer token.
    pub(crate) fn other_credentials(hint: Option<&'static str>) -> Self {
        Self {
            is_logged: is_logged(Reason::MalformedCredentials),
            had_credentials: true,
            ..Self::new(Reason::MissingToken)
        }
        .hint(hint)
    }

    pub(crate) fn expected(mut self, expected: impl fmt::Display) -> Self {
        if self.is_logged {
            self.expected = Some(Bounded(expected, Self::MAX_EXPECTED).to_string());
        }
        self
    }

    /// Sets the received value. It is escaped and truncated.
    pub(crate) fn actual(mut self, actual: impl fmt::Display) -> Self {
        if self.is_logged {
            self.actual = Some(Quoted(actual).to_string());
        }
        self
    }

    pub(crate) const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets the hint. `None` keeps the reason's own.
    pub(crate) fn hint(mut self, hint: impl Into<Option<&'static str>>) -> Self {
        self.hint = hint.into().or(self.hint);
        self
    }
}

/// Returns `true` if a log subscriber is interested in rejections with this reason.
fn is_logged(reason: Reason) -> bool {
    use tracing::Level;
    match reason {
        // The operator has to act: a server that this one needs is unavailable.
        reason if reason.is_unavailable() => tracing::enabled!(target: "authz", Level::WARN),
        // Every client starts without a token.
        Reason::MissingToken => tracing::enabled!(target: "authz", Level::DEBUG),
        _ => tracing::enabled!(target: "authz", Level::INFO),
    }
}
