//! The server under attack: an authorizer whose issuer answers from memory and remembers what it
//! was asked.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use authz_core::{
    Algorithm, Authorizer, AuthorizerBuilder, CryptoBackend, ManualClock, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, RemoteJwks, SharedSecret, StaticKeys},
};
use http::{HeaderMap, StatusCode};

use crate::{AUDIENCE, Attempt, ISSUER, Keys, NOW};

/// Where the issuer publishes its keys: the only address that may ever be asked.
pub const KEY_SET: &str = "https://issuer.example/keys";

/// An authorizer, and what its issuer was asked for.
#[derive(Debug)]
pub struct Server {
    /// The authorizer.
    pub authorizer: Authorizer,
    asked: Asked,
}

#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Server {
    /// The server of this attempt.
    #[must_use]
    pub fn new(attempt: &Attempt, backend: CryptoBackend) -> Self {
        let asked = Asked::default();
        let builder = (attempt.rules)(usual(), backend);
        let builder = match &attempt.keys {
            Keys::Published(document) => {
                let issuer = Issuer {
                    document: document.clone(),
                    asked: asked.clone(),
                };
                let keys = RemoteJwks::at(KEY_SET)
                    .fetcher(issuer)
                    .crypto_backend(backend);
                builder.keys(keys.build().expect("the key source"))
            }
            Keys::Secret(algorithm, secret) => builder.keys(
                SharedSecret::with_backend(*algorithm, secret.clone(), backend)
                    .expect("the row's secret"),
            ),
            Keys::Pem(algorithm, pem) => {
                builder.keys(StaticKeys::from_pem(pem, *algorithm).expect("the row's key"))
            }
        };
        Self {
            authorizer: builder.build().expect("the row's rules"),
            asked,
        }
    }

    /// Every address that was asked for, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.addresses().clone()
    }
}

/// Every algorithm is accepted, and the clock stands still.
pub fn usual() -> AuthorizerBuilder {
    Authorizer::builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .algorithms(Algorithm::ALL)
        .clock(ManualClock::at(Duration::from_secs(NOW)))
}

impl Asked {
    fn addresses(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Issuer {
    document: Vec<u8>,
    asked: Asked,
}

#[async_trait]
impl Fetcher for Issuer {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        self.asked.addresses().push(request.url.to_string());
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.document.clone().into(),
        })
    }
}
