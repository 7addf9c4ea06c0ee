//! A token that the issuer was asked about before, beside a JWT seen before.

use std::time::Duration;

use authz_core::{
    Algorithm, Authorizer, ClientAuthentication, Introspection, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, PostRequest},
    scope,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::{
    Case, Group,
    fixture::{AnyClaims, Caller, SCOPE, Signed, authorize, issuer, request, started},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::new("introspection", cases)]
}

/// Gives the same answer about each token.
#[derive(Debug)]
struct Server(Bytes);

#[async_trait]
impl Fetcher for Server {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::transport("there are no keys"))
    }

    async fn post(&self, _: PostRequest<'_>) -> Result<Fetched, FetchError> {
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.0.clone(),
        })
    }
}

fn cases() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    // The same claims, so that only the way to them differs.
    let claims = signed.authorizer::<AnyClaims>(0);
    let claims = authorize(&claims, &request(&signed.token), &scope(SCOPE));
    let claims = claims.expect("a good token").claims().clone();
    let mut answer = json!(claims);
    answer["active"] = Value::from(true);
    let introspected = |id: &str, token: &str| {
        let server = Bytes::from(answer.to_string());
        let client = ClientAuthentication::client_secret_basic("api", "secret");
        let introspection = Introspection::always(client)
            .endpoint("https://quickstarts.eu.auth0.com/introspect")
            // Longer than anything is measured.
            .positive_ttl(Duration::from_secs(60));
        let issuer = issuer(Algorithm::RS256)
            .key_settings(move |keys| keys.fetcher(Server(server.clone())))
            .introspect(introspection);
        let builder = Authorizer::builder().issuer(issuer);
        let authorizer: Authorizer<Caller> = started(builder.claims(), token);
        let (request, policy) = (request(token), scope(SCOPE));
        Case::new(id, move || {
            authorize(&authorizer, &request, &policy).expect("a token that is active")
        })
    };
    let verified = signed.authorizer::<Caller>(1 << 20);
    let (jwt, policy) = (request(&signed.token), scope(SCOPE));
    vec![
        Case::new("jwt-verified", move || {
            authorize(&verified, &jwt, &policy).expect("a good token")
        }),
        introspected(
            "opaque",
            "ory_at_wzP5lrYkK2rP7OZ8nXg0FJ4a1sQhV9mTb3cUeD6iYxE",
        ),
        introspected("jwt-introspected", &signed.token),
    ]
}
