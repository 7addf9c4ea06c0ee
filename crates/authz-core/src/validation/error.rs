use std::{fmt, time::Duration};

use crate::{
    hints,
    rejection::Reason,
    untrusted::{Bounded, Quoted},
};

/// A refusal with what the operator wants to know about it.
///
/// Made for the log alone, `expected`, `actual` and `hint` are worked out only if it is listened to:
/// the sender of a bad token must not choose how much work it causes.
#[derive(Debug)]
pub(crate) struct ValidationError {
    pub(crate) reason: Reason,
    /// What would have been accepted. From the configuration, but it may be long: cut.
    pub(crate) expected: Option<String>,
    /// What was there instead. From the caller: escaped, and cut.
    pub(crate) actual: Option<String>,
    pub(crate) hint: Option<&'static str>,
    /// Whether somebody reads the log of such refusals.
    pub(crate) is_logged: bool,
    /// Credentials came, if not the right ones: the operator should hear of it.
    pub(crate) had_credentials: bool,
    /// When it makes sense to ask again.
    pub(crate) retry_after: Option<Duration>,
}

impl ValidationError {
    /// Bytes of `expected` in the log: a list of a thousand clients should not fill it.
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

    /// A text from outside, or what stands in its place.
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

    /// Sets the hint; `None` keeps the reason's own.
    pub(crate) fn hint(mut self, hint: impl Into<Option<&'static str>>) -> Self {
        self.hint = hint.into().or(self.hint);
        self
    }
}

/// Whether somebody listens to refusals of this kind: each has its level.
fn is_logged(reason: Reason) -> bool {
    use tracing::Level;
    match reason {
        // Nothing is wrong but with the key server, and that concerns the operator.
        Reason::KeysUnavailable => tracing::enabled!(target: "authz", Level::WARN),
        // What every client does first.
        Reason::MissingToken => tracing::enabled!(target: "authz", Level::DEBUG),
        _ => tracing::enabled!(target: "authz", Level::INFO),
    }
}
