use authz_core::{
    CryptoBackend, Revocations, RevocationsBuilder, SecurityEvents, jwks::StaticKeys,
};
use authz_testkit::{SigningKey, TokenBuilder, Transmitter};
use serde_json::{Value, json};

use crate::support::{ISSUER, builder, key, status, token};

pub(crate) const TRANSMITTER: &str = "https://login.example";
pub(crate) const RECEIVER: &str = "https://api.example/events";

/// An API, and a transmitter that it trusts.
pub(crate) struct Api {
    pub(crate) transmitter: Transmitter,
    pub(crate) revocations: Revocations,
    pub(crate) events: SecurityEvents,
    key: SigningKey,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with_list(Revocations::builder())
    }

    pub(crate) fn with_list(list: RevocationsBuilder) -> Self {
        let transmitter = key();
        let revocations = list.build();
        let events = SecurityEvents::from_transmitter(TRANSMITTER, keys(&transmitter))
            .audience(RECEIVER)
            .crypto_backend(CryptoBackend::available()[0])
            .build(revocations.clone())
            .unwrap();
        Self {
            transmitter: Transmitter::new(&transmitter, TRANSMITTER, RECEIVER),
            revocations,
            events,
            key: key(),
        }
    }

    /// An event that revokes the tokens of `user`.
    pub(crate) fn event(&self, user: &str) -> TokenBuilder {
        self.transmitter.event("session-revoked", subject(user))
    }

    /// Whether tokens of `user` are revoked. A feed out of step does not count.
    pub(crate) async fn revokes(&self, user: &str) -> bool {
        let authorizer = builder(keys(&self.key)).revocations(self.revocations.clone());
        let token = token(&self.key).subject(user).claim("iat", 1_000_000_000);
        status(&authorizer.build().unwrap(), &token.build()).await == 401
    }

    pub(crate) fn is_in_step(&self) -> bool {
        self.revocations.status().feeds[0].in_step
    }
}

pub(crate) fn subject(user: &str) -> Value {
    json!({ "format": "iss_sub", "iss": ISSUER, "sub": user })
}

fn keys(key: &SigningKey) -> StaticKeys {
    let set = json!({ "keys": [key.public_jwk()] }).to_string();
    StaticKeys::from_jwks(set.as_bytes()).unwrap()
}
