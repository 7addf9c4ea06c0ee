use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::{random, token::TokenBuilder};

/// What the issuer remembers of its tokens.
#[derive(Debug, Default)]
pub(crate) struct Issued {
    /// The claims of the opaque tokens.
    opaque: HashMap<String, Map<String, Value>>,
    revoked: HashSet<String>,
    /// The proofs of token requests, and when they came in seconds.
    proofs: HashMap<String, u64>,
    /// The client that may introspect, and its secret. By default, any may.
    pub(crate) introspecting: Option<(String, String)>,
}

impl Issued {
    /// Issues an opaque token with the claims of `token`.
    pub(crate) fn issue(&mut self, prefix: &str, token: &TokenBuilder) -> String {
        let claims = serde_json::from_slice(&token.payload_json()).unwrap_or_default();
        let token = format!("{prefix}{}{}", random::identifier(), random::identifier());
        self.opaque.insert(token.clone(), claims);
        token
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.revoked.insert(token.to_owned());
    }

    pub(crate) fn is_revoked(&self, token: &str) -> bool {
        self.revoked.contains(token)
    }

    /// Returns `false` if the proof was used before.
    pub(crate) fn is_first_proof(&mut self, id: String, now: u64) -> bool {
        // Older ones are refused by their `iat`.
        self.proofs.retain(|_, at| now.saturating_sub(*at) <= 600);
        self.proofs.insert(id, now).is_none()
    }

    pub(crate) fn claims(&self, token: &str) -> Option<Map<String, Value>> {
        self.opaque.get(token).cloned()
    }
}
