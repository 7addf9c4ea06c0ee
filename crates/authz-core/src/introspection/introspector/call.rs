use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use tokio::time::Instant;

use super::Introspector;
use crate::{
    clock::since_1970,
    introspection::{
        answer::Answer, budget::CallStanding, client::encode, error::IntrospectionError,
    },
    jwks::redact,
};

impl Introspector {
    /// Sends one request (RFC 7662 section 2.1). The caller enforces the time limit.
    pub(super) async fn call(
        &self,
        token: &[u8],
        standing: CallStanding,
    ) -> Result<Answer, IntrospectionError> {
        let _stranger = match standing {
            CallStanding::Stranger => self.strangers.acquire().await.ok(),
            CallStanding::Known => None,
        };
        let _place = self.calls.acquire().await.ok();
        let url = (self.endpoint.locate().await)
            .map_err(|error| IntrospectionError::discovery(&error))?;
        let client = &self.settings.client;
        let mut credentials = client
            .authenticate(&self.issuer, since_1970(self.clock.now()))
            .await
            .map_err(|error| IntrospectionError::client(&error))?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        credentials.headers.insert(CONTENT_TYPE, form);
        let body = Bytes::from(format!(
            "token={}&token_type_hint=access_token{}",
            encode(token),
            credentials.form
        ));
        let accept = match &self.keys {
            Some(_) => "application/token-introspection+jwt",
            None => "application/json",
        };
        // The answer is at least as new as the request.
        let at = Instant::now();
        let shown = redact(url.as_str());
        let answer = (self.endpoint)
            .post(&url, accept, credentials.headers, &body)
            .await
            .map_err(|error| IntrospectionError::post(&shown, &error))?;
        let answer = match &self.keys {
            None => answer.body,
            Some(keys) => keys
                .open(&answer.body, &self.issuer, client.client())
                .await
                .map_err(|error| IntrospectionError::unsigned(&shown, &error))?,
        };
        Answer::parse(answer, at).map_err(|error| IntrospectionError::malformed(&shown, &error))
    }
}
