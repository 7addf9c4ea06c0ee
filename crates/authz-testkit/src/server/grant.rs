use serde_json::Value;

use crate::{key::SigningKey, state::State, token::TokenStyle};

/// What a registry says of a requested token. Without a registry, everything is up to the request.
#[derive(Default)]
pub(crate) struct Grant {
    pub(crate) key: Option<SigningKey>,
    pub(crate) style: Option<TokenStyle>,
    /// In seconds.
    pub(crate) lifetime: Option<i64>,
    /// The scope to grant in place of the requested one.
    pub(crate) scope: Option<String>,
}

/// A token that a registered client may not have: an error code of RFC 6749 section 5.2 and a
/// description.
pub(crate) struct Denied(pub(crate) &'static str, pub(crate) String);

impl Grant {
    #[cfg(not(feature = "dashboard"))]
    pub(crate) fn of(_: &str, _: &Value, _: &str, _: &State) -> Result<Self, Denied> {
        Ok(Self::default())
    }

    #[cfg(feature = "dashboard")]
    pub(crate) fn of(
        client: &str,
        audience: &Value,
        scope: &str,
        state: &State,
    ) -> Result<Self, Denied> {
        let (Some(dashboard), Some(audience)) = (&state.dashboard, audience.as_str()) else {
            return Ok(Self::default());
        };
        let settings = dashboard.registry.settings();
        let api = settings.api(audience);
        let mut grant = Self {
            key: api.map(|api| match api.secret() {
                Some(secret) => SigningKey::hmac(api.algorithm, secret).without_kid(),
                None => state.key_or_new(api.algorithm),
            }),
            style: api.map(|api| api.format.style()),
            lifetime: api.map(|api| api.lifetime.into()),
            scope: None,
        };
        let Some(client) = settings.client(client) else {
            return Ok(grant);
        };
        let Some(allowed) = client.scopes.get(audience) else {
            return Err(Denied(
                "unauthorized_client",
                format!(
                    "the client {:?} may not ask for tokens for {audience}",
                    client.id
                ),
            ));
        };
        let refused = scope
            .split(' ')
            .find(|scope| !scope.is_empty() && !allowed.iter().any(|allowed| allowed == scope));
        if let Some(refused) = refused {
            return Err(Denied(
                "invalid_scope",
                format!(
                    "the client {:?} may not ask for the scope {refused:?}",
                    client.id
                ),
            ));
        }
        if scope.is_empty() {
            grant.scope = Some(allowed.join(" "));
        }
        Ok(grant)
    }
}
