use std::time::Duration;

use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, CONTENT_LANGUAGE, CONTENT_TYPE},
};
use tokio::time::{Instant, sleep_until, timeout};
use url::Url;

use super::{
    error::PollError,
    message::{PollRequest, PollResponse, SetAnswers},
};
use crate::{
    clock::{Clock, SystemClock, since_1970},
    introspection::ClientAuthentication,
    jwks::{FetchError, RemoteEndpoint, Schedule, redact},
    revocation::{
        feed::Feed,
        security_events::{SecurityEvents, error::SetError},
    },
    untrusted::{Bounded, ERROR_BYTES},
};

/// Polls until it is aborted.
pub(super) struct PollTask {
    pub(super) events: SecurityEvents,
    pub(super) feed: Feed,
    pub(super) endpoint: RemoteEndpoint,
    pub(super) url: Url,
    pub(super) authorization: Authorization,
    pub(super) max_staleness: Duration,
    pub(super) max_events: u32,
    /// The next `maxEvents`: smaller after a response that was too long.
    pub(super) requested: u32,
    /// Kept until a poll that carries them succeeds.
    pub(super) answers: SetAnswers,
    pub(super) schedule: Schedule,
}

pub(super) enum Authorization {
    None,
    Bearer(Box<dyn Fn() -> String + Send + Sync>),
    Client(ClientAuthentication),
}

impl PollTask {
    /// The shortest time between polls, in case the transmitter does not hold them.
    const INTERVAL: Duration = Duration::from_secs(1);

    pub(super) async fn run(mut self) {
        let long = self.max_staleness / 2;
        let short = (self.max_staleness / 4).min(Duration::from_secs(5));
        // The first poll after a start or an outage shows at once whether the transmitter is there.
        let mut immediately = true;
        let mut failed = false;
        loop {
            let started = Instant::now();
            let limit = if immediately { short } else { long };
            let response = match timeout(limit, self.poll(immediately)).await {
                Ok(response) => response,
                // Nothing has happened, or the transmitter is gone: an immediate response tells.
                Err(_) if !immediately => {
                    immediately = true;
                    continue;
                }
                Err(_) => Err(FetchError::timeout(limit).into()),
            };
            let applied = match response {
                Ok(response) => self.apply(response).await,
                Err(error) => Err(error),
            };
            let now = Instant::now();
            match applied {
                Ok(next) => {
                    if failed {
                        tracing::info!(
                            target: "authz::revocation", url = %redact(self.url.as_str()),
                            "security events are polled again"
                        );
                    }
                    self.requested = self.requested.saturating_mul(2).min(self.max_events);
                    self.schedule.succeeded(now, Duration::ZERO);
                    if next == Next::AfterInterval {
                        sleep_until(started + Self::INTERVAL).await;
                    }
                }
                Err(ref error) => {
                    if error.is_too_large() {
                        self.requested = (self.requested / 2).max(1);
                    }
                    self.schedule.failed(now, true, error.retry_after());
                    tracing::warn!(
                        target: "authz::revocation", url = %redact(self.url.as_str()),
                        error = %Bounded(error, ERROR_BYTES), hint = error.hint(),
                        retry_in = ?self.schedule.due().saturating_duration_since(now),
                        "security events could not be polled"
                    );
                    sleep_until(self.schedule.due()).await;
                }
            }
            failed = applied.is_err();
            immediately = failed;
        }
    }

    /// Sends one request (RFC 8936 section 2.4).
    async fn poll(&self, return_immediately: bool) -> Result<PollResponse, PollError> {
        let mut headers = self.authorization.headers(self.events.issuer()).await?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // That of the descriptions in `setErrs`.
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        let request = PollRequest {
            max_events: self.requested,
            return_immediately,
            answers: &self.answers,
        };
        let response = (self.endpoint)
            .post(&self.url, "application/json", headers, &request.body()?)
            .await?;
        PollResponse::read(&response)
    }

    /// Applies the events of a response.
    async fn apply(&mut self, response: PollResponse) -> Result<Next, PollError> {
        self.answers = SetAnswers::default();
        let next = match response.more_available && !response.sets.is_empty() {
            true => Next::AtOnce,
            false => Next::AfterInterval,
        };
        let mut unprocessed = 0;
        for (id, set) in response.sets {
            let set = set.as_str().unwrap_or_default();
            match self.events.accept(set.as_bytes()).await {
                Ok(()) => self.answers.ack.push(id),
                Err(SetError::Unavailable) => unprocessed += 1,
                Err(error) => self.answers.refuse(id, error),
            }
        }
        if unprocessed > 0 {
            return Err(PollError::Unprocessed(unprocessed));
        }
        if !response.more_available {
            self.feed.in_step();
        }
        Ok(next)
    }
}

/// When the next poll starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    AtOnce,
    AfterInterval,
}

impl Authorization {
    async fn headers(&self, issuer: &str) -> Result<HeaderMap, PollError> {
        let mut headers = HeaderMap::new();
        match self {
            Self::None => {}
            Self::Bearer(token) => {
                let mut value = HeaderValue::try_from(format!("Bearer {}", token()))
                    .map_err(|error| PollError::Credentials(error.into()))?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
            Self::Client(client) => {
                let now = since_1970(SystemClock.now());
                let credentials = client.authenticate(issuer, now).await;
                headers = credentials.map_err(PollError::Credentials)?.headers;
            }
        }
        Ok(headers)
    }
}
