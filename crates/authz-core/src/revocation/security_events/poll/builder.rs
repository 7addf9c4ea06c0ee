use std::{fmt, time::Duration};

use tokio::{runtime::Handle, time::Instant};

use super::{
    message::SetAnswers,
    poller::EventPoller,
    task::{Authorization, PollTask},
};
use crate::{
    introspection::ClientAuthentication,
    issuer::BuildError,
    jwks::{Address, Backoff, Fetcher, RemoteJwks, RemoteJwksBuilder, Schedule, redact},
    revocation::security_events::SecurityEvents,
};

/// Builds an [`EventPoller`].
#[must_use]
pub struct EventPollerBuilder {
    events: SecurityEvents,
    url: Address,
    authorization: Authorization,
    http: RemoteJwksBuilder,
    max_staleness: Duration,
    max_events: u32,
}

impl SecurityEvents {
    /// Creates a builder for a poller of the stream at `url`, the `endpoint_url` of its delivery method
    /// `urn:ietf:rfc:8936`.
    ///
    /// ```
    /// # use authz_core::{EventPoller, SecurityEvents};
    /// # fn example(events: &SecurityEvents) -> Result<EventPoller, authz_core::BuildError> {
    /// let poller = events
    ///     .poll("https://login.example/events/poll")
    ///     .bearer_token(|| std::env::var("EVENTS_TOKEN").unwrap_or_default())
    ///     .start()?;
    /// # Ok(poller)
    /// # }
    /// ```
    ///
    /// An event is checked as in [`receive`](Self::receive), and acknowledged after its entries are in effect. An
    /// event that is refused is reported (`setErrs`). One that can't be processed now is neither, so that the
    /// transmitter sends it again.
    pub fn poll(&self, url: impl Into<String>) -> EventPollerBuilder {
        let url = Address(url.into());
        EventPollerBuilder {
            events: self.clone(),
            http: RemoteJwks::at(&*url.0),
            url,
            authorization: Authorization::None,
            max_staleness: Duration::from_secs(60),
            max_events: 100,
        }
    }
}

impl EventPollerBuilder {
    /// Authorizes each poll with the bearer token that `token` returns then.
    pub fn bearer_token(mut self, token: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.authorization = Authorization::Bearer(Box::new(token));
        self
    }

    /// Authenticates each poll as a client. An assertion (`private_key_jwt`) has no place in a poll.
    pub fn client(mut self, client: ClientAuthentication) -> Self {
        self.authorization = Authorization::Client(client);
        self
    }

    /// Sets the HTTP client. It must not follow redirects. Default: `reqwest`.
    pub fn fetcher(mut self, fetcher: impl Fetcher) -> Self {
        self.http = self.http.fetcher(fetcher);
        self
    }

    /// Sets the [maximum staleness](crate::Feed) of the events, at least 10 s. Default: 60 s.
    ///
    /// The transmitter may hold a poll for half of it. Then the next poll asks for an immediate response, which
    /// shows that the transmitter is there.
    pub const fn max_staleness(mut self, staleness: Duration) -> Self {
        self.max_staleness = staleness;
        self
    }

    /// Sets the maximum number of events in a response (`maxEvents`). Default: 100.
    pub const fn max_events(mut self, events: u32) -> Self {
        self.max_events = events;
        self
    }

    /// Sets the maximum size of a response in bytes. After a longer one, half as many events are requested.
    /// Default: 512 KiB.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.http = self.http.max_bytes(bytes);
        self
    }

    /// Starts to poll, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the address does not use https (except for loopback), if a setting is invalid, or
    /// outside of a tokio runtime.
    pub fn start(self) -> Result<EventPoller, BuildError> {
        let staleness = self.max_staleness;
        let wrong = match &self.authorization {
            _ if staleness < Duration::from_secs(10) => Some("max_staleness is less than 10 s"),
            _ if self.max_events == 0 => Some("max_events is 0"),
            Authorization::Client(client) if client.needs_form() => Some(
                "an assertion has no place in a poll: use `bearer_token`, or another client authentication",
            ),
            Authorization::Client(client) => client.problem(),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(invalid(&wrong));
        }
        let runtime = Handle::try_current()
            .map_err(|_| invalid(&"no tokio runtime is running: call `start` in one"))?;
        let (endpoint, url) = (self.http.build_poll(&self.url)).map_err(|error| invalid(&error))?;
        // Of two streams, one that is out of step must not pass for the other.
        let (audience, shown) = (self.events.audience(), redact(url.as_str()));
        let feed = format!("security events for {audience} at {shown}");
        let task = PollTask {
            feed: self.events.revocations().feed(&feed, staleness),
            events: self.events,
            endpoint,
            url,
            authorization: self.authorization,
            max_staleness: staleness,
            max_events: self.max_events,
            requested: self.max_events,
            answers: SetAnswers::default(),
            schedule: Schedule::new(
                Instant::now(),
                Backoff {
                    first: Duration::from_millis(500),
                    max: (staleness / 4).min(Duration::from_secs(60)),
                    max_without_keys: Duration::ZERO,
                },
            ),
        };
        Ok(EventPoller::start(task, &runtime))
    }
}

fn invalid(problem: &impl fmt::Display) -> BuildError {
    BuildError::setting(format!("security events can't be polled: {problem}"))
}

impl fmt::Debug for EventPollerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventPollerBuilder")
            .field("url", &self.url)
            .field("max_staleness", &self.max_staleness)
            .finish_non_exhaustive()
    }
}
