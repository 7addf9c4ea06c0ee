use serde_json::{Value, json};

use crate::{key::SigningKey, random, token::TokenBuilder};

/// A transmitter of security events (Shared Signals Framework 1.0).
///
/// It signs events. The test passes them to the receiver, or to a [`PollEndpoint`](crate::PollEndpoint).
///
/// ```
/// use authz_testkit::{Algorithm, SigningKey, Transmitter};
/// use serde_json::json;
///
/// let key = SigningKey::shared(Algorithm::ES256);
/// let transmitter = Transmitter::new(&key, "https://login.example", "https://api.example/events");
/// let user = json!({ "format": "iss_sub", "iss": "https://login.example", "sub": "user" });
/// let event = transmitter.event("session-revoked", user).build();
/// # assert_eq!(event.split('.').count(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct Transmitter {
    key: SigningKey,
    issuer: String,
    audience: String,
}

impl Transmitter {
    /// Creates a transmitter `issuer` that signs with `key`, for the receiver `audience`.
    #[must_use]
    pub fn new(key: &SigningKey, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            key: key.clone(),
            issuer: issuer.into(),
            audience: audience.into(),
        }
    }

    /// Starts an event about `subject` (`sub_id`, RFC 9493). `event_type` is the last part of a type of
    /// CAEP 1.0, RISC 1.0 or the framework, such as `session-revoked`, or a whole URI.
    pub fn event(&self, event_type: &str, subject: impl Into<Value>) -> TokenBuilder {
        self.event_with(event_type, subject, json!({}))
    }

    /// Like [`event`](Self::event), with the members of the event, such as `event_timestamp`.
    pub fn event_with(
        &self,
        event_type: &str,
        subject: impl Into<Value>,
        members: impl Into<Value>,
    ) -> TokenBuilder {
        let events = json!({ (uri(event_type)): members.into() });
        TokenBuilder::new(&self.key)
            .typ(Some("secevent+jwt"))
            .issuer(&self.issuer)
            .audience(&*self.audience)
            .without("sub")
            .without("exp")
            .without("client_id")
            .claim("jti", random::identifier())
            .claim("sub_id", subject.into())
            .claim("events", events)
    }
}

fn uri(event_type: &str) -> String {
    let profile = match event_type {
        uri if uri.contains(':') => return uri.to_owned(),
        "account-disabled"
        | "account-enabled"
        | "account-purged"
        | "credential-compromise"
        | "identifier-changed"
        | "identifier-recycled" => "risc",
        "verification" | "stream-updated" => "ssf",
        _ => "caep",
    };
    format!("https://schemas.openid.net/secevent/{profile}/event-type/{event_type}")
}
