//! The state that an issuer's handle and its server share.

pub(crate) mod answers;
pub(crate) mod counts;
pub(crate) mod issued;
pub(crate) mod keys;

use std::sync::Mutex;

use authz_core::{Algorithm, KeyFamily};
use serde_json::{Value, json};
use tokio::sync::watch;

use self::{answers::Answers, counts::Counter, issued::Issued, keys::Keys};
#[cfg(feature = "dashboard")]
use crate::dashboard::settings::Dashboard;
use crate::{
    key::SigningKey,
    lock::Locked as _,
    token::{TokenBuilder, TokenStyle},
};

/// The state that the issuer's handle and its server share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) identity: Identity,
    pub(crate) keys: Mutex<Keys>,
    pub(crate) answers: Mutex<Answers>,
    pub(crate) counts: Counter,
    pub(crate) issued: Mutex<Issued>,
    /// The number of guards that hold the key set's answers.
    pub(crate) holds: watch::Sender<usize>,
    #[cfg(feature = "dashboard")]
    pub(crate) dashboard: Option<Dashboard>,
}

/// The settings that do not change after the start.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) token_lifetime: i64,
    pub(crate) style: TokenStyle,
}

impl State {
    pub(crate) fn new(identity: Identity, keys: Keys) -> Self {
        Self {
            identity,
            keys: Mutex::new(keys),
            answers: Mutex::new(Answers::new()),
            counts: Counter::new(),
            issued: Mutex::default(),
            holds: watch::Sender::new(0),
            #[cfg(feature = "dashboard")]
            dashboard: None,
        }
    }

    pub(crate) fn token(&self, key: &SigningKey) -> TokenBuilder {
        TokenBuilder::new(key)
            .style(self.identity.style)
            .issuer(&self.identity.issuer)
            .audience(self.identity.audience.as_str())
            .expires_in(self.identity.token_lifetime)
    }

    /// Changes the key set and its `Last-Modified`.
    pub(crate) fn change_keys<T>(&self, change: impl FnOnce(&mut Keys) -> T) -> T {
        let result = change(&mut self.keys.locked());
        self.answers.locked().touch();
        result
    }

    /// Returns the key that signs with `algorithm`. A new one is published first.
    #[cfg(feature = "dashboard")]
    pub(crate) fn key_or_new(&self, algorithm: Algorithm) -> SigningKey {
        let known = self.keys.locked().of(algorithm);
        known.unwrap_or_else(|| self.change_keys(|keys| keys.of_or_new(algorithm)))
    }

    /// Returns the members of RFC 8414 section 2 and OpenID Connect Discovery that apply to this issuer. Only the
    /// dashboard has a login page.
    pub(crate) fn discovery_document(&self) -> Value {
        let algorithms = self.keys.locked().algorithms();
        let mut document = json!({
            "issuer": self.identity.issuer,
            "jwks_uri": self.identity.jwks_uri(),
            "token_endpoint": self.identity.token_endpoint(),
            "introspection_endpoint": self.identity.introspection_endpoint(),
            "introspection_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post", "private_key_jwt",
            ],
            "introspection_signing_alg_values_supported": algorithms,
            "revocation_endpoint": self.identity.revocation_endpoint(),
            "revocation_endpoint_auth_methods_supported": ["none"],
            "dpop_signing_alg_values_supported": proof_algorithms(),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        });
        if self.has_login_page() {
            document["authorization_endpoint"] = json!(self.identity.under("authorize"));
            document["grant_types_supported"] = json!(["authorization_code", "client_credentials"]);
            document["response_types_supported"] = json!(["code"]);
            document["code_challenge_methods_supported"] = json!(["S256"]);
            document["authorization_response_iss_parameter_supported"] = json!(true);
            let methods = ["none", "client_secret_basic", "client_secret_post"];
            document["token_endpoint_auth_methods_supported"] = json!(methods);
        }
        document
    }

    #[cfg(feature = "dashboard")]
    pub(crate) fn has_login_page(&self) -> bool {
        self.dashboard.is_some()
    }

    #[cfg(not(feature = "dashboard"))]
    #[expect(clippy::unused_self, reason = "only the dashboard has a login page")]
    pub(crate) fn has_login_page(&self) -> bool {
        false
    }
}

impl Identity {
    pub(crate) fn jwks_uri(&self) -> String {
        self.under(".well-known/jwks.json")
    }

    pub(crate) fn token_endpoint(&self) -> String {
        self.under("oauth/token")
    }

    pub(crate) fn introspection_endpoint(&self) -> String {
        self.under("oauth/introspect")
    }

    pub(crate) fn revocation_endpoint(&self) -> String {
        self.under("oauth/revoke")
    }

    /// Appends `path` to the issuer's address, with one slash between them.
    pub(crate) fn under(&self, path: &str) -> String {
        format!("{}/{path}", self.issuer.trim_end_matches('/'))
    }
}

/// Those of asymmetric keys (RFC 9449 section 5.1).
fn proof_algorithms() -> Vec<&'static str> {
    let all = Algorithm::ALL.into_iter();
    let asymmetric = all.filter(|it| it.family() != KeyFamily::Hmac);
    asymmetric.map(Algorithm::name).collect()
}
