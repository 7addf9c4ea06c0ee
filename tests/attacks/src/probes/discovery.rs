use std::sync::{Arc, Mutex, PoisonError};

use authz_core::{
    async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, RemoteJwks},
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{block_on, check};
use crate::{
    ISSUER, ring,
    server::{issuer, usual},
};

/// The issuer's metadata. Only a document of that very issuer leads anywhere, to the address that it
/// names and by https.
pub fn discovery(data: &[u8]) {
    let server = Metadata {
        document: data.to_vec(),
        asked: Arc::default(),
    };
    let asked = Arc::clone(&server.asked);
    let token = token();
    let decision = block_on(async {
        let keys = RemoteJwks::discover(ISSUER).fetcher(server).build();
        let keys = keys.expect("a good address");
        let authorizer = usual(issuer().keys(keys)).build().expect("good settings");
        authorizer.verify(token).await
    });
    let rejection = decision.expect_err("there are no keys");
    assert_eq!(rejection.status(), StatusCode::SERVICE_UNAVAILABLE);
    check(&rejection);
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    for address in asked.iter().filter(|it| !is_metadata(it)) {
        assert!(address.starts_with("https://"), "{address}");
        // Members that mean nothing here are passed over, whatever bytes their texts are made of.
        let text = String::from_utf8_lossy(data);
        let document: Value = serde_json::from_str(&text).expect("a JSON document");
        assert_eq!(document["issuer"], ISSUER);
        assert!(document["jwks_uri"].is_string());
    }
}

fn is_metadata(address: &str) -> bool {
    let path = address.strip_prefix(ISSUER);
    path.is_some_and(|path| {
        matches!(
            path,
            ".well-known/openid-configuration" | ".well-known/oauth-authorization-server"
        )
    })
}

/// Signed by nobody: it is only there to have keys asked for.
fn token() -> &'static str {
    static TOKEN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TOKEN.get_or_init(|| ring().good().signature([0; 64]).build())
}

#[derive(Debug)]
struct Metadata {
    document: Vec<u8>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Fetcher for Metadata {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let address = request.url.to_string();
        let body = if is_metadata(&address) {
            self.document.clone()
        } else {
            b"{}".to_vec()
        };
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(address);
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        })
    }
}
