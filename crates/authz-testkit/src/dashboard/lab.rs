//! The test lab: a token of the chosen kind.

use authz_core::Algorithm;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{decode, refusal::Refusal, settings::Dashboard, wrong::Wrong};
use crate::{
    key::SigningKey,
    lock::Locked as _,
    registry::{Api, Format, secret_bytes},
    state::State,
    token::TokenStyle,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    /// The audience.
    api: String,
    client: Option<String>,
    user: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    organization: Option<String>,
    lifetime: Option<i64>,
    algorithm: Option<String>,
    format: Option<Format>,
    fault: Option<Wrong>,
    /// The thumbprint of the page's key, to which the token is bound.
    jkt: Option<String>,
    #[serde(default)]
    opaque: bool,
}

/// Issues the token and explains it.
pub(super) fn issue(
    choice: &Choice,
    state: &State,
    dashboard: &Dashboard,
) -> Result<Value, Refusal> {
    let settings = dashboard.registry.settings();
    let api = settings.api(&choice.api);
    let key = key(choice, api, state)?;
    let style = choice
        .format
        .map(Format::style)
        .or_else(|| api.map(|api| api.format.style()))
        .unwrap_or(state.identity.style);
    let lifetime = choice
        .lifetime
        .or_else(|| api.map(|api| api.lifetime.into()))
        .unwrap_or(state.identity.token_lifetime);
    let client = choice.client.as_deref().unwrap_or("test-lab");
    let user = choice.user.as_deref();
    let subject = match (user, style) {
        (Some(user), _) => user.to_owned(),
        (None, TokenStyle::Auth0) => format!("{client}@clients"),
        (None, TokenStyle::Rfc9068) => client.to_owned(),
    };
    let mut token = state
        .token(&key)
        .style(style)
        .client_id(client)
        .subject(subject)
        .audience(choice.api.as_str())
        .scope(&choice.scopes.join(" "))
        .expires_in(lifetime);
    if user.is_none() && style == TokenStyle::Auth0 {
        token = token.claim("gty", "client-credentials");
    }
    if !choice.roles.is_empty() {
        token = token.claim("roles", choice.roles.clone());
    }
    if let Some(user) = user.and_then(|user| settings.user(user)) {
        token = token.permissions(settings.permissions(user, &choice.roles, &choice.api));
    }
    if let Some(organization) = &choice.organization {
        token = token.claim("org_id", organization.as_str());
    }
    if let Some(jkt) = &choice.jkt {
        token = token.claim("cnf", json!({ "jkt": jkt }));
    }
    let is_opaque = choice.opaque && choice.fault.is_none();
    let token = match choice.fault {
        None if is_opaque => state.issued.locked().issue("", &token),
        None => token.build(),
        Some(wrong) => wrong.build(token, &key),
    };
    Ok(json!({
        "decoded": decode::known(&token, state).ok(),
        "jkt": choice.jkt,
        "opaque": is_opaque,
        "fault": choice.fault.map(|wrong| wrong.describe(Some(&key))),
        "token": token,
    }))
}

fn key(choice: &Choice, api: Option<&Api>, state: &State) -> Result<SigningKey, Refusal> {
    let algorithm = match &choice.algorithm {
        None => api.map_or_else(
            || state.keys.locked().current().algorithm(),
            |api| api.algorithm,
        ),
        Some(name) => Algorithm::from_name(name).ok_or_else(|| {
            Refusal::invalid("algorithm", format!("{name:?} is not an algorithm"))
        })?,
    };
    if secret_bytes(algorithm).is_none() {
        return Ok(state.key_or_new(algorithm));
    }
    let api = api.filter(|api| api.algorithm == algorithm);
    let secret = api.and_then(Api::secret).ok_or_else(|| {
        Refusal::invalid(
            "algorithm",
            format!("only an API with the algorithm {algorithm} has a secret to sign with"),
        )
    })?;
    Ok(SigningKey::hmac(algorithm, secret).without_kid())
}
