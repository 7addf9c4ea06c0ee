use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    fault::Fault,
    issuer::port,
    lock::Locked as _,
    server::{
        Route, Server,
        faulty::{self, Good},
        respond::{self, Reaction},
    },
    token::TokenBuilder,
};

/// The poll endpoint of a [`Transmitter`](crate::Transmitter) (RFC 8936), on `127.0.0.1`.
///
/// It keeps each event until the receiver acknowledges or refuses it, and stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use authz_testkit::{Algorithm, PollEndpoint, SigningKey, Transmitter};
/// use serde_json::json;
///
/// let key = SigningKey::shared(Algorithm::ES256);
/// let transmitter = Transmitter::new(&key, "https://login.example", "https://api.example/events");
/// let endpoint = PollEndpoint::start().await;
/// let user = json!({ "format": "iss_sub", "iss": "https://login.example", "sub": "user" });
/// let jti = endpoint.deliver(&transmitter.event("session-revoked", user));
/// // A receiver polls `endpoint.url()`. Then:
/// // endpoint.answered(&jti).await;
/// # assert_eq!(endpoint.outstanding(), [jti]);
/// # }
/// ```
pub struct PollEndpoint {
    stream: Arc<Stream>,
    port: u16,
    _server: Server,
}

#[derive(Default)]
struct Stream {
    state: Mutex<PollState>,
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct PollState {
    outstanding: BTreeMap<String, String>,
    acknowledged: Vec<String>,
    refused: Vec<(String, String)>,
    authorization: Option<String>,
    fault: Option<Fault>,
    polls: usize,
}

/// RFC 8936 section 2.2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Poll {
    max_events: Option<usize>,
    #[serde(default)]
    return_immediately: bool,
    #[serde(default)]
    ack: Vec<String>,
    #[serde(default)]
    set_errs: BTreeMap<String, Value>,
}

impl PollEndpoint {
    /// Starts an endpoint on a free port.
    ///
    /// # Panics
    ///
    /// If no port of `127.0.0.1` is free.
    pub async fn start() -> Self {
        let listener = port::listen(0).expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("the port is bound");
        let stream = Arc::new(Stream::default());
        Self {
            _server: Server::spawn(listener, Arc::clone(&stream)),
            stream,
            port: address.port(),
        }
    }

    /// Returns the address to poll.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/poll", self.port)
    }

    /// Delivers an event with the next response, and returns its `jti`.
    ///
    /// # Panics
    ///
    /// If the event has no `jti`.
    #[expect(
        clippy::must_use_candidate,
        reason = "the `jti` is only of interest to some tests"
    )]
    pub fn deliver(&self, event: &TokenBuilder) -> String {
        let claims: Value = serde_json::from_slice(&event.payload_json()).unwrap_or_default();
        let id = claims["jti"].as_str().expect("an event has a `jti`");
        self.deliver_as(id, event.clone().build());
        id.to_owned()
    }

    /// Delivers any text as the event `id`.
    pub fn deliver_as(&self, id: &str, event: impl Into<String>) {
        self.change(|state| state.outstanding.insert(id.to_owned(), event.into()));
    }

    /// Answers only polls with this `Authorization`. Others get 401.
    pub fn require_authorization(&self, value: impl Into<String>) {
        self.change(|state| state.authorization = Some(value.into()));
    }

    /// Sets the fault of the endpoint, for polls that wait too. `None` clears it.
    pub fn fault(&self, fault: Option<Fault>) {
        self.change(|state| state.fault = fault);
    }

    /// Returns the `jti`s of the events that are neither acknowledged nor refused.
    #[must_use]
    pub fn outstanding(&self) -> Vec<String> {
        let state = self.stream.state.locked();
        state.outstanding.keys().cloned().collect()
    }

    /// Returns the `jti`s of the acknowledged events, in order.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<String> {
        self.stream.state.locked().acknowledged.clone()
    }

    /// Returns the `jti`s of the refused events and the error codes, in order.
    #[must_use]
    pub fn refused(&self) -> Vec<(String, String)> {
        self.stream.state.locked().refused.clone()
    }

    /// Waits until no event is outstanding.
    pub async fn all_answered(&self) {
        self.reached(|state| state.outstanding.is_empty()).await;
    }

    /// Waits until `at_least` polls have arrived since the start.
    pub async fn polled(&self, at_least: usize) {
        self.reached(|state| state.polls >= at_least).await;
    }

    async fn reached(&self, condition: impl Fn(&PollState) -> bool) {
        let mut changes = self.stream.changes.subscribe();
        while !condition(&self.stream.state.locked()) {
            // An error is impossible: the sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut PollState) -> T) {
        change(&mut self.stream.state.locked());
        self.stream.changes.send_replace(());
    }
}

impl Route for Stream {
    async fn route(self: Arc<Self>, request: Request<Incoming>) -> Reaction {
        const LIMIT: usize = 1024 * 1024;
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return respond::empty(StatusCode::BAD_REQUEST).into(),
        };
        let Ok(poll) = serde_json::from_slice::<Poll>(&body) else {
            return respond::empty(StatusCode::BAD_REQUEST).into();
        };
        let mut changes = self.changes.subscribe();
        self.state.locked().polls += 1;
        self.changes.send_replace(());
        let mut is_read = false;
        loop {
            changes.borrow_and_update();
            {
                let mut state = self.state.locked();
                if let Some(fault) = Fault::next(&mut state.fault) {
                    let body = response(&state, &poll).to_string().into();
                    return faulty::answer(&fault, &Good { body, keys: &[] }, &head.uri);
                }
                let sent = head.headers.get(header::AUTHORIZATION);
                if let Some(expected) = &state.authorization
                    && sent.is_none_or(|it| it != expected.as_str())
                {
                    return respond::empty(StatusCode::UNAUTHORIZED).into();
                }
                if !is_read {
                    is_read = true;
                    state.read(&poll);
                    self.changes.send_replace(());
                }
                if poll.return_immediately || !state.outstanding.is_empty() {
                    return respond::json(StatusCode::OK, &response(&state, &poll)).into();
                }
            }
            let _ = changes.changed().await;
        }
    }
}

impl PollState {
    fn read(&mut self, poll: &Poll) {
        for id in &poll.ack {
            if self.outstanding.remove(id).is_some() {
                self.acknowledged.push(id.clone());
            }
        }
        for (id, error) in &poll.set_errs {
            if self.outstanding.remove(id).is_some() {
                let code = error["err"].as_str().unwrap_or_default().to_owned();
                self.refused.push((id.clone(), code));
            }
        }
    }
}

/// RFC 8936 section 2.3.
fn response(state: &PollState, poll: &Poll) -> Value {
    let max = poll.max_events.unwrap_or(usize::MAX);
    let sets: BTreeMap<_, _> = state.outstanding.iter().take(max).collect();
    json!({ "moreAvailable": sets.len() < state.outstanding.len(), "sets": sets })
}

impl fmt::Debug for PollEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollEndpoint")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
