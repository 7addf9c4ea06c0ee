use std::{fmt, time::Duration};

use crate::{
    jwks::{FetchError, FetchErrorKind, KeysError},
    untrusted::{Bounded, ERROR_BYTES},
};

/// Why the issuer gave no answer that can be used. `Debug` prints the message.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct IntrospectionError {
    /// The name for metrics.
    pub(super) label: &'static str,
    message: String,
    /// When the next attempt makes sense.
    pub(crate) retry_after: Duration,
    pub(crate) hint: Option<&'static str>,
    /// The server asks for a pause, or rejects this API itself: the next call would fail too.
    pub(super) holds: bool,
}

impl IntrospectionError {
    fn new(label: &'static str, message: impl Into<String>) -> Self {
        Self {
            label,
            message: message.into(),
            retry_after: Duration::from_secs(1),
            hint: None,
            holds: false,
        }
    }

    pub(super) fn no_runtime() -> Self {
        Self::new(
            "other",
            "the issuer can't be asked: no tokio runtime is running",
        )
    }

    pub(super) fn stopped() -> Self {
        Self::new("other", "the call was stopped before it finished")
    }

    /// No answer came within `limit`, at `url` if the call had begun.
    pub(super) fn timeout(limit: Duration) -> Self {
        let limit = limit.as_millis();
        Self::new("timeout", format!("no complete answer within {limit} ms"))
    }

    pub(super) fn discovery(error: &KeysError) -> Self {
        Self::new(error.label(), error.to_string())
    }

    pub(super) fn post(url: &str, error: &FetchError) -> Self {
        let message = format!("the introspection endpoint {url} did not answer: {error}");
        let status = error.status().map(|it| it.as_u16());
        let rejected = matches!(status, Some(400 | 401 | 403));
        let label = match error.kind() {
            FetchErrorKind::Timeout => "timeout",
            FetchErrorKind::Status if rejected => "credentials",
            FetchErrorKind::Status => "status",
            FetchErrorKind::ContentCoding => "content_coding",
            FetchErrorKind::TooLarge => "too_large",
            FetchErrorKind::Redirect => "redirect",
            FetchErrorKind::Transport => "transport",
        };
        let hint = rejected.then_some(
            "the issuer rejects this API as a client: check the client's identifier, its secret or key, and that it may introspect tokens",
        );
        let wait = error
            .retry_after()
            .filter(|_| matches!(status, Some(429 | 503)));
        Self {
            hint,
            holds: rejected || wait.is_some(),
            retry_after: wait.unwrap_or(Duration::from_secs(1)),
            ..Self::new(label, message)
        }
    }

    pub(super) fn client(problem: &impl fmt::Display) -> Self {
        let problem = Bounded(problem, ERROR_BYTES);
        Self::new("client", format!("this API can't authenticate: {problem}"))
    }

    /// The answer is not an introspection response.
    pub(super) fn malformed(url: &str, problem: &impl fmt::Display) -> Self {
        let problem = Bounded(problem, ERROR_BYTES);
        Self::new(
            "malformed",
            format!("the answer of {url} is not an introspection response: {problem}"),
        )
    }

    /// The signed answer can't be believed (RFC 9701 section 5).
    pub(super) fn unsigned(url: &str, problem: &impl fmt::Display) -> Self {
        let problem = Bounded(problem, ERROR_BYTES);
        Self::new(
            "signature",
            format!("the signed answer of {url} is not accepted: {problem}"),
        )
    }

    /// Calls are held back for `wait`, after `last`.
    pub(super) fn held(last: Option<&Self>, wait: Duration) -> Self {
        let last = last.map_or("the last calls failed", |it| &it.message);
        Self {
            retry_after: wait,
            hint: Some(
                "calls are held back after failures: see the log lines of `authz::introspection`",
            ),
            ..Self::new("held", last)
        }
    }

    pub(super) fn over_budget(wait: Duration) -> Self {
        Self {
            retry_after: wait,
            hint: Some(
                "too many tokens that were not active: somebody may be trying tokens; see `Introspection::invalid_tokens`",
            ),
            ..Self::new("over_budget", "the budget for unknown tokens is spent")
        }
    }
}
