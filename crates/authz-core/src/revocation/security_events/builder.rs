use std::{fmt, sync::Arc, time::Duration};

use super::{
    event::SecurityEvent,
    receiver::{Mapping, SecurityEvents},
    subject::RevokedTokens,
    verify::TrustedTransmitter,
};
use crate::{
    clock::{Clock, SystemClock},
    crypto::CryptoBackend,
    issuer::BuildError,
    jwks::JwksProvider,
    revocation::list::Revocations,
};

/// Builds [`SecurityEvents`].
#[must_use]
pub struct SecurityEventsBuilder {
    issuer: String,
    keys: Arc<dyn JwksProvider>,
    audience: String,
    token_lifetime: Duration,
    mapping: Box<Mapping>,
    clock: Arc<dyn Clock>,
    backend: Option<CryptoBackend>,
}

impl SecurityEvents {
    /// Creates a builder for the events of one transmitter, which `issuer` (`iss`) names, and whose keys
    /// sign them.
    pub fn from_transmitter(
        issuer: impl Into<String>,
        keys: impl JwksProvider,
    ) -> SecurityEventsBuilder {
        SecurityEventsBuilder {
            issuer: issuer.into(),
            keys: Arc::new(keys),
            audience: String::new(),
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            mapping: Box::new(SecurityEvent::revoked_tokens),
            clock: Arc::new(SystemClock),
            backend: CryptoBackend::default_choice(),
        }
    }
}

impl SecurityEventsBuilder {
    /// Sets who this receiver is: the `aud` of its stream.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Sets the longest lifetime of the tokens that events are about. Entries end after it. Default: 24
    /// hours.
    pub const fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets which tokens an event revokes. Default: [`SecurityEvent::revoked_tokens`].
    ///
    /// Transmitters name users in their own ways, such as an email address or an opaque identifier. The
    /// function translates them to what access tokens have. An event for which it returns nothing is logged.
    pub fn revoke(
        mut self,
        tokens: impl Fn(&SecurityEvent) -> Vec<RevokedTokens> + Send + Sync + 'static,
    ) -> Self {
        self.mapping = Box::new(tokens);
        self
    }

    /// Sets the clock. Default: the system clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the implementation that verifies signatures. Default: AWS-LC.
    pub const fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Creates the receiver. Events add entries to `revocations`.
    ///
    /// # Errors
    ///
    /// Returns an error if the audience is missing, or if no cryptography backend is chosen.
    pub fn build(self, revocations: Revocations) -> Result<SecurityEvents, BuildError> {
        if self.audience.is_empty() {
            return Err(BuildError::setting(
                "security events have no audience: add the `aud` of the stream with `.audience(\"https://api.example/events\")`",
            ));
        }
        let transmitter = TrustedTransmitter {
            issuer: self.issuer,
            audience: self.audience,
            keys: self.keys,
            backend: self.backend.ok_or_else(|| {
                BuildError::setting("no cryptography backend is chosen for security events: add `.crypto_backend(..)`")
            })?,
        };
        Ok(SecurityEvents::new(
            transmitter,
            revocations,
            self.mapping,
            self.token_lifetime,
            self.clock,
        ))
    }
}

impl fmt::Debug for SecurityEventsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityEventsBuilder")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
