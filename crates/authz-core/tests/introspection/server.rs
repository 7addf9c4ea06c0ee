//! An issuer in memory, under tokio's paused clock.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, UNIX_EPOCH},
};

use authz_core::{
    Authorizer, AuthorizerBuilder, ClientAuthentication, Introspection, Issuer, ManualClock,
    Policy, Reason, Rejection, RequestParts, any_valid_token, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, PostRequest},
};
use authz_testkit::{Algorithm, SigningKey};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, RETRY_AFTER},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{self, AUDIENCE, Failure, ISSUER};

pub(crate) const NOW: u64 = 1_900_000_000;
pub(crate) const ENDPOINT: &str = "https://issuer.example/introspect";

#[derive(Clone)]
pub(crate) struct Server(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    gate: Semaphore,
}

#[derive(Default)]
struct State {
    keys: Vec<SigningKey>,
    metadata: Option<Value>,
    answers: HashMap<String, String>,
    /// The answer for every other token.
    otherwise: Option<String>,
    failure: Option<Failure>,
    held: bool,
    gets: Vec<String>,
    calls: Vec<Call>,
    concurrent: usize,
    most_concurrent: usize,
}

/// A request to the endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) form: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn token(&self) -> &str {
        &self.form[0].1
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            gate: Semaphore::new(0),
        }))
    }

    pub(crate) fn publish(&self, key: &SigningKey) {
        self.state().keys.push(key.clone());
    }

    pub(crate) fn metadata(&self, document: Value) {
        self.state().metadata = Some(document);
    }

    /// Sets the body of the answer about a token.
    #[expect(clippy::needless_pass_by_value, reason = "reads better")]
    pub(crate) fn says(&self, token: &str, answer: impl ToString) {
        self.state()
            .answers
            .insert(token.to_owned(), answer.to_string());
    }

    /// Sets the body of the answer about every other token.
    #[expect(clippy::needless_pass_by_value, reason = "reads better")]
    pub(crate) fn says_otherwise(&self, answer: impl ToString) {
        self.state().otherwise = Some(answer.to_string());
    }

    pub(crate) fn revoke(&self, token: &str) {
        self.state().answers.remove(token);
    }

    pub(crate) fn fail(&self, failure: impl Into<Option<Failure>>) {
        self.state().failure = failure.into();
    }

    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    pub(crate) fn release(&self) {
        self.state().held = false;
        self.0.gate.add_permits(10_000);
    }

    pub(crate) fn calls(&self) -> usize {
        self.state().calls.len()
    }

    pub(crate) fn call(&self, index: usize) -> Call {
        self.state().calls[index].clone()
    }

    pub(crate) fn gets(&self) -> Vec<String> {
        self.state().gets.clone()
    }

    pub(crate) fn most_concurrent(&self) -> usize {
        self.state().most_concurrent
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl State {
    /// `None` for no answer ever. A server that fails may send the answer all the same.
    fn answer(&self, body: &str) -> Option<Result<Fetched, FetchError>> {
        let status = |status: u16, headers| {
            Some(Ok(Fetched {
                status: StatusCode::from_u16(status).unwrap(),
                headers,
                body: body.to_owned().into(),
            }))
        };
        match self.failure.as_ref() {
            None => Some(ok(body.to_owned())),
            Some(Failure::Status(code)) => status(*code, HeaderMap::new()),
            Some(Failure::RetryAfter(code, seconds)) => status(
                *code,
                HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(*seconds))]),
            ),
            Some(Failure::Hang) => None,
            Some(Failure::Reset) => Some(Err(FetchError::transport("connection reset"))),
        }
    }
}

fn ok(body: String) -> Result<Fetched, FetchError> {
    Ok(Fetched {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: body.into(),
    })
}

#[async_trait]
impl Fetcher for Server {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let mut state = self.state();
        state.gets.push(request.url.to_string());
        if request.url.path().contains(".well-known") {
            return match &state.metadata {
                Some(document) => ok(document.to_string()),
                None => Ok(Fetched {
                    status: StatusCode::NOT_FOUND,
                    headers: HeaderMap::new(),
                    body: "".into(),
                }),
            };
        }
        let keys: Vec<_> = state.keys.iter().map(SigningKey::public_jwk).collect();
        ok(json!({ "keys": keys }).to_string())
    }

    async fn post(&self, request: PostRequest<'_>) -> Result<Fetched, FetchError> {
        struct Leaving<'a>(&'a Server);
        impl Drop for Leaving<'_> {
            fn drop(&mut self) {
                self.0.state().concurrent -= 1;
            }
        }
        let (answer, held) = {
            let mut state = self.state();
            let form = url::form_urlencoded::parse(request.body).into_owned();
            let call = Call {
                url: request.url.to_string(),
                headers: request.headers.clone(),
                form: form.collect(),
            };
            let told = state.answers.get(call.token()).cloned();
            state.calls.push(call);
            state.concurrent += 1;
            state.most_concurrent = state.most_concurrent.max(state.concurrent);
            let otherwise = state.otherwise.clone();
            let body = told
                .or(otherwise)
                .unwrap_or_else(|| r#"{"active":false}"#.to_owned());
            (state.answer(&body), state.held)
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

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

pub(crate) fn client() -> ClientAuthentication {
    ClientAuthentication::client_secret_basic("api", "hush-hush")
}

pub(crate) fn opaque() -> Introspection {
    Introspection::opaque(client()).endpoint(ENDPOINT)
}

/// An issuer that introspects at `server`, which publishes its keys too.
pub(crate) fn issuer(server: &Server, introspection: Introspection) -> Issuer {
    issuer_named(ISSUER, server, introspection)
}

pub(crate) fn issuer_named(name: &str, server: &Server, introspection: Introspection) -> Issuer {
    let server = server.clone();
    Issuer::new(name)
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
        .jwks_uri("https://issuer.example/jwks")
        .key_settings(move |keys| keys.fetcher(server.clone()))
        .introspect(introspection)
}

pub(crate) struct Api {
    pub(crate) authorizer: Authorizer,
    pub(crate) clock: ManualClock,
}

pub(crate) fn api(issuer: Issuer) -> Api {
    api_with(issuer, |builder| builder)
}

pub(crate) fn api_with(
    issuer: Issuer,
    change: impl FnOnce(AuthorizerBuilder) -> AuthorizerBuilder,
) -> Api {
    let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW));
    let builder = support::authorizer().issuer(issuer).clock(clock.clone());
    let authorizer = change(builder).build().unwrap();
    Api { authorizer, clock }
}

impl Api {
    pub(crate) async fn reason(&self, token: &str) -> Option<Reason> {
        self.get(token, &any_valid_token())
            .await
            .err()
            .map(|it| it.reason())
    }

    pub(crate) async fn get(
        &self,
        token: &str,
        policy: &Policy,
    ) -> Result<authz_core::Authorized, Rejection> {
        get(&self.authorizer, token, policy).await
    }

    /// Time goes by for everybody.
    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        support::pass(time).await;
    }
}

pub(crate) async fn get(
    authorizer: &Authorizer,
    token: &str,
    policy: &Policy,
) -> Result<authz_core::Authorized, Rejection> {
    let request = http::Request::get("/messages")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(())
        .unwrap();
    let parts = RequestParts::from(&request);
    authorizer.authorize(&parts, policy).await
}

/// What a good answer says.
pub(crate) fn active() -> Value {
    json!({
        "active": true, "iss": ISSUER, "aud": AUDIENCE, "sub": "user", "client_id": "app",
        "scope": "read write", "exp": NOW + 3600, "iat": NOW, "token_type": "Bearer",
    })
}

/// A good answer with one member changed, or removed by `null`.
pub(crate) fn changed(member: &str, value: impl Into<Value>) -> Value {
    let mut answer = active();
    match value.into() {
        Value::Null => {
            answer.as_object_mut().unwrap().remove(member);
        }
        value => answer[member] = value,
    }
    answer
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
