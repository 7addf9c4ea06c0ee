use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::{in_flight::Purpose, keys::Joined, *};
use crate::{
    crypto::Algorithm,
    jwks::{FetchError, FetchRequest, Fetched},
};

#[derive(Debug)]
struct InMemory(Bytes);

#[async_trait]
impl Fetcher for InMemory {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.0.clone(),
        })
    }
}

/// A request whose lookup ran just before the keys arrived gets them. It is not told to wait, and
/// does not cause a fetch.
#[tokio::test]
async fn keys_that_arrive_while_a_request_looks_are_not_missing() {
    // The key of RFC 8037 appendix A.2.
    let set = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let keys = RemoteJwks::at("https://issuer.example/keys")
        .fetcher(InMemory(set.into()))
        .default_lifetime(Duration::from_secs(24 * 60 * 60))
        .build()
        .unwrap();
    let header = |kid: &'static str| ProtectedHeader::new(Algorithm::EdDSA, Some(kid.into()), None);
    let a = header("a");
    assert!(matches!(
        keys.refresh(&a, RefreshReason::Missing).await,
        KeyLookup::Found(_)
    ));

    // The next steps of a request that found no keys.
    let now = Instant::now();
    assert!(keys.keys.backing_off(now).is_none());
    assert!(matches!(
        keys.keys
            .join(Purpose::First, Some("a"), &Handle::current(), now),
        Joined::LookAgain
    ));
    assert!(matches!(
        keys.refresh(&a, RefreshReason::Missing).await,
        KeyLookup::Found(_)
    ));
    assert_eq!(keys.status().fetches, 1);

    // A request whose key is really missing causes a fetch.
    let _ = keys.refresh(&header("b"), RefreshReason::Missing).await;
    assert_eq!(keys.status().fetches, 2);
}
