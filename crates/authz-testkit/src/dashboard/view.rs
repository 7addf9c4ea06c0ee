use authz_core::Algorithm;
use serde_json::{Value, json};

use super::{settings::Dashboard, trouble};
use crate::{lock::Locked as _, registry::Settings, state::State};

/// Returns all that the page shows. Secrets are not part of it.
pub(super) fn state(state: &State, dashboard: &Dashboard) -> Value {
    let settings = dashboard.registry.settings();
    let (file, file_error) = dashboard.registry.file();
    json!({
        "issuer": state.identity.issuer,
        "token_endpoint": state.identity.token_endpoint(),
        "jwks_uri": state.identity.jwks_uri(),
        "file": file,
        "file_error": file_error,
        "algorithms": Algorithm::ALL.map(Algorithm::name),
        "api_url": dashboard.api_url,
        "inspector_port": dashboard.inspector_port,
        "apis": apis(&settings),
        "roles": settings.roles,
        "users": settings.users,
        "organizations": settings.organizations,
        "clients": settings.clients,
        "keys": keys(state),
        "fault": trouble::current(state),
    })
}

/// Returns the published keys. `signs` marks the one that signs for its algorithm.
pub(super) fn keys(state: &State) -> Value {
    let keys = state.keys.locked();
    let published = keys.published().iter().map(|jwk| {
        let algorithm = jwk["alg"].as_str().and_then(Algorithm::from_name);
        let signing = algorithm.and_then(|algorithm| keys.of(algorithm));
        let signs = signing.is_some_and(|key| jwk["kid"] == json!(key.kid()));
        json!({ "kid": jwk["kid"], "alg": jwk["alg"], "signs": signs })
    });
    published.collect()
}

fn apis(settings: &Settings) -> Value {
    let mut apis = json!(settings.apis);
    for api in apis.as_array_mut().into_iter().flatten() {
        if let Some(members) = api.as_object_mut() {
            let secret = members.remove("secret");
            let has_secret = secret.is_some_and(|secret| !secret.is_null());
            members.insert("has_secret".to_owned(), has_secret.into());
        }
    }
    apis
}
