//! One token, one request, one policy.

use std::time::{Duration, UNIX_EPOCH};

use authz_core::{
    Algorithm, Authorized, Authorizer, Claims, Issuer, ManualClock, RequestParts,
    jwks::SharedSecret,
    policy::{Decision, Policy},
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::Request;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) const ISSUER: &str = "https://issuer.example/";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];

/// An API and its clock, which stands still.
pub(crate) struct Api<C = Claims> {
    pub(crate) authorizer: Authorizer<C>,
}

pub(crate) fn issuer() -> Issuer {
    Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .algorithms([Algorithm::HS256])
        .keys(SharedSecret::hs256(SECRET).unwrap())
}

pub(crate) fn api() -> Api {
    api_with(issuer())
}

pub(crate) fn api_with(issuer: Issuer) -> Api {
    let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW));
    let authorizer = crate::support::authorizer().issuer(issuer).clock(clock);
    Api {
        authorizer: authorizer.build().unwrap(),
    }
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW))
}

/// A token with these claims, besides those that every token has.
pub(crate) fn token(claims: &Value) -> String {
    let key = SigningKey::hmac(Algorithm::HS256, SECRET);
    let mut token = TokenBuilder::new(&key)
        .now(NOW)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .without("client_id");
    for (name, value) in claims.as_object().unwrap_or(&Map::new()) {
        token = token.claim(name, value.clone());
    }
    token.build()
}

impl<C: DeserializeOwned + Send + Sync + 'static> Api<C> {
    pub(crate) fn caller(&self, claims: &Value) -> Authorized<C> {
        let token = token(claims);
        // No key is waited for: the secret is at hand.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(self.authorizer.verify(&token)).unwrap()
    }

    pub(crate) fn explain(&self, policy: &Policy, claims: &Value) -> Decision {
        self.caller(claims).explain(policy)
    }

    pub(crate) fn explain_request(
        &self,
        policy: &Policy,
        claims: &Value,
        request: &Request<()>,
        path_params: &[(&str, &str)],
    ) -> Decision {
        let path_params = path_params.to_vec();
        let parts = RequestParts::from(request).with_path_params(&path_params);
        self.caller(claims).explain_for(policy, &parts)
    }
}
