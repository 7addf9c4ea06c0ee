//! The server under attack: an authorizer whose issuer answers from memory and remembers what it
//! was asked.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use authz_core::{
    Algorithm, Authorizer, AuthorizerBuilder, CryptoBackend, Issuer, ManualClock, async_trait,
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
        let issuer = (attempt.issuer_rules)(issuer());
        let issuer = match &attempt.keys {
            Keys::Published(document) => {
                let published = Published {
                    document: document.clone(),
                    asked: asked.clone(),
                };
                let keys = RemoteJwks::at(KEY_SET).fetcher(published);
                issuer.keys(keys.build().expect("the key source"))
            }
            Keys::Secret(algorithm, secret) => {
                let secret = secret.clone();
                let secret = match algorithm {
                    Algorithm::HS384 => SharedSecret::hs384(secret),
                    Algorithm::HS512 => SharedSecret::hs512(secret),
                    _ => SharedSecret::hs256(secret),
                };
                issuer.keys(secret.expect("the row's secret"))
            }
            Keys::Pem(algorithm, pem) => {
                issuer.keys(StaticKeys::from_pem(pem, *algorithm).expect("the row's key"))
            }
        };
        let builder = (attempt.rules)(usual(issuer).crypto_backend(backend));
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

/// Every algorithm is accepted.
pub fn issuer() -> Issuer {
    Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .algorithms(Algorithm::ALL)
}

/// The clock stands still.
pub fn usual(issuer: Issuer) -> AuthorizerBuilder {
    Authorizer::builder()
        .issuer(issuer)
        .clock(ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW)))
}

impl Asked {
    fn addresses(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Published {
    document: Vec<u8>,
    asked: Asked,
}

#[async_trait]
impl Fetcher for Published {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        self.asked.addresses().push(request.url.to_string());
        Ok(Fetched {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: self.document.clone().into(),
        })
    }
}
