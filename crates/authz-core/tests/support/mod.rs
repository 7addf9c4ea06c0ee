//! An issuer's key server in memory, under tokio's paused clock: every answer, every failure and
//! every delay is the test's to give, and nothing waits for real time.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of this"
)]

pub mod log;

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use authz_core::{
    Authorizer, AuthorizerBuilder, CryptoBackend, Issuer, Rejection, async_trait,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, RemoteJwks, RemoteJwksBuilder,
    },
};
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ETAG, IF_NONE_MATCH, RETRY_AFTER},
};
use tokio::sync::Semaphore;

pub const ISSUER: &str = "https://issuer.example/";
pub const AUDIENCE: &str = "https://api.example";

/// A key server that does what the test says.
#[derive(Clone)]
pub struct KeyServer(Arc<Inner>);

impl fmt::Debug for KeyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyServer")
    }
}

struct Inner {
    state: Mutex<State>,
    gate: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    published: Vec<SigningKey>,
    body: Option<String>,
    failure: Option<Failure>,
    headers: HeaderMap,
    etag: bool,
    held: bool,
    requests: usize,
    concurrent: usize,
    most_concurrent: usize,
    not_modified: usize,
}

#[derive(Clone, Debug)]
pub enum Failure {
    Status(u16),
    RetryAfter(u16, u64),
    Hang,
    Reset,
}

impl KeyServer {
    pub fn new(keys: impl IntoIterator<Item = SigningKey>) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(State {
                published: keys.into_iter().collect(),
                ..State::default()
            }),
            gate: Semaphore::new(0),
        }))
    }

    pub fn publish(&self, key: &SigningKey) {
        self.state().published.push(key.clone());
    }

    pub fn withdraw(&self, key: &SigningKey) {
        self.state().published.retain(|it| it.kid() != key.kid());
    }

    /// Answers with `body` instead of the published keys.
    pub fn serve(&self, body: impl Into<String>) {
        self.state().body = Some(body.into());
    }

    pub fn fail(&self, failure: Failure) {
        self.state().failure = Some(failure);
    }

    pub fn recover(&self) {
        let mut state = self.state();
        state.failure = None;
        state.body = None;
    }

    pub fn header(&self, name: &'static str, value: &'static str) {
        let value = HeaderValue::from_static(value);
        self.state().headers.insert(name, value);
    }

    pub fn use_etags(&self) {
        self.state().etag = true;
    }

    /// Requests wait until [`release`](Self::release).
    pub fn hold(&self) {
        self.state().held = true;
    }

    pub fn release(&self) {
        self.state().held = false;
        self.0.gate.add_permits(1000);
    }

    pub fn requests(&self) -> usize {
        self.state().requests
    }

    pub fn most_concurrent(&self) -> usize {
        self.state().most_concurrent
    }

    pub fn not_modified(&self) -> usize {
        self.state().not_modified
    }

    pub fn keys(&self) -> RemoteJwksBuilder {
        RemoteJwks::at("https://issuer.example/jwks").fetcher(self.clone())
    }

    pub fn authorizer(&self) -> Authorizer {
        build(self.keys())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

pub fn build(keys: RemoteJwksBuilder) -> Authorizer {
    builder(keys.build().unwrap()).build().unwrap()
}

pub fn issuer() -> Issuer {
    Issuer::new(ISSUER)
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
}

/// As `Authorizer::builder()`, in builds without the default backend too.
pub fn authorizer() -> AuthorizerBuilder {
    Authorizer::builder().crypto_backend(CryptoBackend::available()[0])
}

pub fn builder(keys: impl JwksProvider) -> AuthorizerBuilder {
    authorizer().issuer(issuer().keys(keys))
}

pub fn key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256)
}

pub fn token(key: &SigningKey) -> TokenBuilder {
    TokenBuilder::new(key).issuer(ISSUER).audience(AUDIENCE)
}

/// A token whose `kid` nobody has published.
pub fn stranger(kid: impl fmt::Display) -> String {
    let key = SigningKey::shared(Algorithm::ES256).with_kid(format!("unknown-{kid}"));
    token(&key).build()
}

/// 200, or the status of the refusal.
pub async fn status(authorizer: &Authorizer, token: &str) -> u16 {
    match authorizer.verify(token).await {
        Ok(_) => 200,
        Err(rejection) => rejection.status().as_u16(),
    }
}

pub async fn refusal(authorizer: &Authorizer, token: &str) -> Rejection {
    authorizer.verify(token).await.unwrap_err()
}

/// Moves tokio's clock, and lets everything that became due happen.
pub async fn pass(time: Duration) {
    settle().await;
    tokio::time::advance(time).await;
    settle().await;
}

/// Lets every task run until it waits for something.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl Fetcher for KeyServer {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        struct Leaving<'a>(&'a KeyServer);
        impl Drop for Leaving<'_> {
            fn drop(&mut self) {
                self.0.state().concurrent -= 1;
            }
        }
        let (answer, held) = {
            let mut state = self.state();
            state.requests += 1;
            state.concurrent += 1;
            state.most_concurrent = state.most_concurrent.max(state.concurrent);
            // Decided as the request arrives: an answer that is held is by then an old one.
            (state.answer(&request), state.held)
        };
        let _leaving = Leaving(self);
        if held {
            self.0.gate.acquire().await.unwrap().forget();
        }
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

impl State {
    /// `None` for no answer ever.
    fn answer(&mut self, request: &FetchRequest<'_>) -> Option<Result<Fetched, FetchError>> {
        let answer = |status: u16, headers: HeaderMap, body: String| {
            Some(Ok(Fetched {
                status: StatusCode::from_u16(status).unwrap(),
                headers,
                body: body.into(),
            }))
        };
        match self.failure {
            Some(Failure::Status(status)) => answer(status, HeaderMap::new(), String::new()),
            Some(Failure::RetryAfter(status, seconds)) => {
                let headers = HeaderMap::from_iter([(RETRY_AFTER, seconds.into())]);
                answer(status, headers, String::new())
            }
            Some(Failure::Hang) => None,
            Some(Failure::Reset) => Some(Err(FetchError::transport("connection reset"))),
            None => {
                let body = self.body.clone().unwrap_or_else(|| {
                    let keys: Vec<_> = self.published.iter().map(SigningKey::public_jwk).collect();
                    serde_json::json!({ "keys": keys }).to_string()
                });
                let mut headers = self.headers.clone();
                if self.etag {
                    let etag = HeaderValue::try_from(format!("\"{}\"", body.len())).unwrap();
                    if request.headers.get(IF_NONE_MATCH) == Some(&etag) {
                        self.not_modified += 1;
                        return answer(304, headers, String::new());
                    }
                    headers.insert(ETAG, etag);
                }
                answer(200, headers, body)
            }
        }
    }
}
