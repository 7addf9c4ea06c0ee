use std::time::UNIX_EPOCH;

use authz_core::Authorized;
use serde_json::{Value, json};

/// What `/api/me` tells a caller.
#[must_use]
pub fn me(caller: &Authorized) -> Value {
    let expires_at = caller.expires_at().duration_since(UNIX_EPOCH);
    json!({
        "sub": caller.subject(),
        "scopes": caller.scopes(),
        // Seconds since 1970, like the claim `exp`.
        "expires_at": expires_at.unwrap_or_default().as_secs(),
        // In an object of their own: a claim may have any name, `scopes` too.
        "claims": caller.claims(),
    })
}
