use std::{fmt, sync::Arc, time::Duration};

use http::{Response, StatusCode};

use super::{
    error::SetError,
    event::SecurityEvent,
    seen::SeenEvents,
    subject::RevokedTokens,
    verify::{TrustedTransmitter, VerifiedSet},
};
use crate::{
    clock::Clock,
    revocation::{error::RevocationsFull, list::Revocations},
    untrusted::Excerpt,
};

/// Receives security event tokens (RFC 8417) from one transmitter, and adds entries to
/// [`Revocations`]. Clones share the state.
///
/// It is the receiver of a stream of the Shared Signals Framework 1.0. With delivery by push (RFC 8935), the
/// application serves an endpoint for `POST`, and passes the body to [`receive`](Self::receive). With delivery by
/// poll (RFC 8936), [`poll`](Self::poll) asks the transmitter.
///
/// An event is accepted only if its `typ` is `secevent+jwt`, `iss` and `aud` are those of the stream, a key of the
/// transmitter has signed it, and it has neither `sub` nor `exp`.
///
/// ```
/// use authz_core::{Revocations, RevokedTokens, SecurityEvents, SubjectId, jwks::JwksProvider};
///
/// # fn user_by_email(email: &str) -> Option<String> { None }
/// # fn example(keys: impl JwksProvider, revocations: Revocations) -> Result<(), authz_core::BuildError> {
/// let events = SecurityEvents::from_transmitter("https://login.example", keys)
///     .audience("https://api.example/events")
///     .revoke(|event| match &event.subject {
///         // This transmitter names users by their address.
///         SubjectId::Email(email) => user_by_email(email)
///             .map(|subject| RevokedTokens::Subject {
///                 issuer: "https://login.example".to_owned(),
///                 subject,
///             })
///             .into_iter()
///             .collect(),
///         _ => event.revoked_tokens(),
///     })
///     .build(revocations)?;
/// # Ok(())
/// # }
/// # async fn handler(events: SecurityEvents, body: &[u8]) {
/// let response: http::Response<String> = events.receive(body).await;
/// # }
/// ```
///
/// `session-revoked`, `token-claims-change` and `credential-change` of CAEP, and `account-disabled` and
/// `credential-compromise` of RISC revoke the tokens that were issued before the event. Events may arrive in
/// any order and repeatedly. Other events are acknowledged and have no effect.
#[derive(Clone)]
pub struct SecurityEvents(Arc<Receiver>);

struct Receiver {
    transmitter: TrustedTransmitter,
    revocations: Revocations,
    mapping: Box<Mapping>,
    token_lifetime: Duration,
    clock: Arc<dyn Clock>,
    seen: SeenEvents,
}

/// Returns the tokens that an event revokes.
pub(super) type Mapping = dyn Fn(&SecurityEvent) -> Vec<RevokedTokens> + Send + Sync;

impl SecurityEvents {
    pub(super) fn new(
        transmitter: TrustedTransmitter,
        revocations: Revocations,
        mapping: Box<Mapping>,
        token_lifetime: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Receiver {
            transmitter,
            revocations,
            mapping,
            token_lifetime,
            clock,
            seen: SeenEvents::default(),
        }))
    }

    /// Receives one event, and returns the response to its transmitter: 202, 400 with `err` and
    /// `description` (RFC 8935 section 2.3), or 503 with `Retry-After` if the transmitter's keys are
    /// unavailable or the list of revocations is full.
    ///
    /// The entries are in effect before the response is sent.
    pub async fn receive(&self, set: &[u8]) -> Response<String> {
        match self.accept(set).await {
            Ok(()) => {
                let mut response = Response::new(String::new());
                *response.status_mut() = StatusCode::ACCEPTED;
                response
            }
            Err(error) => error.response(),
        }
    }

    /// Processes one event, and logs why it is refused.
    pub(super) async fn accept(&self, set: &[u8]) -> Result<(), SetError> {
        let accepted = self.process(set).await;
        if let Err(error) = accepted {
            tracing::warn!(
                target: "authz::revocation",
                issuer = %Excerpt(self.issuer()),
                audience = %Excerpt(self.audience()),
                error = %error,
                "a security event was refused"
            );
        }
        accepted
    }

    pub(super) fn issuer(&self) -> &str {
        &self.0.transmitter.issuer
    }

    pub(super) fn audience(&self) -> &str {
        &self.0.transmitter.audience
    }

    pub(super) fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    async fn process(&self, set: &[u8]) -> Result<(), SetError> {
        let VerifiedSet { id, event } = self.0.transmitter.verify(set).await?;
        if self.0.seen.contains(&id) {
            return Ok(());
        }
        let tokens = (self.0.mapping)(&event);
        if tokens.is_empty() && event.should_revoke() {
            tracing::warn!(
                target: "authz::revocation",
                event = ?event.kind,
                subject_format = %Excerpt(event.subject.format()),
                jti = %Excerpt(&id),
                "a security event does not revoke any token: translate its subject with `SecurityEventsBuilder::revoke`"
            );
        }
        for tokens in &tokens {
            (self.0.deny(tokens, &event))
                .map_err(|RevocationsFull { .. }| SetError::Unavailable)?;
        }
        // Only now: an event that could not be processed is sent again.
        self.0.seen.insert(&id);
        Ok(())
    }
}

/// Allowed clock skew between the transmitter and this server.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

impl Receiver {
    fn deny(&self, tokens: &RevokedTokens, event: &SecurityEvent) -> Result<(), RevocationsFull> {
        let list = &self.revocations;
        let now = self.clock.now();
        // A time in the future, such as one in milliseconds, would also revoke the tokens of the next logins.
        let before = event.time.min(now + CLOCK_SKEW);
        let until = now + self.token_lifetime;
        match tokens {
            RevokedTokens::Token { issuer, token_id } => list.deny_token(issuer, token_id, until),
            RevokedTokens::Subject { issuer, subject } => {
                list.deny_subject(issuer, subject, before, until)
            }
            RevokedTokens::Session { issuer, session } => {
                list.deny_session(issuer, session, before, until)
            }
            RevokedTokens::Client { issuer, client } => {
                list.deny_client(issuer, client, before, until)
            }
        }
    }
}

impl fmt::Debug for SecurityEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityEvents")
            .field("transmitter", &self.issuer())
            .finish_non_exhaustive()
    }
}
