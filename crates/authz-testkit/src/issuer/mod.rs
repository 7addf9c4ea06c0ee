//! An issuer that runs in the test's own process.

pub(crate) mod builder;
pub(crate) mod hold;
pub(crate) mod port;

use std::{
    fmt, mem,
    sync::{Arc, Mutex},
};

use authz_core::Algorithm;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};

use self::hold::Hold;
use crate::{
    fault::Fault,
    key::SigningKey,
    lock::Locked as _,
    server::Server,
    state::{State, counts::RequestCounts},
    token::TokenBuilder,
};

/// An issuer of access tokens on `127.0.0.1`, for development and tests.
///
/// It publishes a discovery document and a key set, and gives a token to whoever asks. It serves
/// on the tokio runtime that it was started in, and stops when it is dropped.
///
/// What it answers can be changed while it runs: keys rotate and are withdrawn, documents are
/// replaced, faults come and go, answers are held back, the whole server goes offline and comes
/// back. Every change applies to the next request.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use authz_testkit::DevIssuer;
///
/// let issuer = DevIssuer::start().await;
/// let token = issuer.token().scope("read:messages").build();
/// # assert_eq!(token.split('.').count(), 3);
/// # }
/// ```
pub struct DevIssuer {
    state: Arc<State>,
    port: u16,
    server: Mutex<Serving>,
}

enum Serving {
    Online(Server),
    /// Bound without listening: connections are refused, and the port stays ours.
    Offline(TcpSocket),
    /// Between the two.
    Closed,
}

impl DevIssuer {
    pub(crate) fn serve(state: State, listener: TcpListener, port: u16) -> Self {
        let state = Arc::new(state);
        tracing::warn!(
            issuer = %state.identity.issuer,
            "development issuer started: for development and tests only, it gives a token to \
             anyone who asks"
        );
        let server = Server::spawn(listener, Arc::clone(&state));
        Self {
            state,
            port,
            server: Mutex::new(Serving::Online(server)),
        }
    }

    /// The issuer's identifier, exactly as in its tokens' `iss`: `http://127.0.0.1:PORT/`, with the
    /// slash at the end that Auth0 has too.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.identity.issuer
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the key set is.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        self.state.identity.jwks_uri()
    }

    /// Where OpenID Connect's discovery document is.
    #[must_use]
    pub fn discovery_uri(&self) -> String {
        self.state
            .identity
            .under(".well-known/openid-configuration")
    }

    /// Where tokens are given.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        self.state.identity.token_endpoint()
    }

    /// The audience of a token when nobody asks for another: `https://quickstart.example/api`.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.state.identity.audience
    }

    /// A good token of this issuer for its audience, signed with the current key.
    pub fn token(&self) -> TokenBuilder {
        self.state.token(&self.key())
    }

    /// The key that signs at the moment.
    #[must_use]
    pub fn key(&self) -> SigningKey {
        self.state.keys.locked().current()
    }

    /// The key that signs with `algorithm`, if there is one: the newest of several.
    #[must_use]
    pub fn key_for(&self, algorithm: Algorithm) -> Option<SigningKey> {
        self.state.keys.locked().of(algorithm)
    }

    /// A new key of the current one's algorithm signs from now on and is published. The old keys
    /// stay published.
    pub fn rotate(&self) -> SigningKey {
        self.state.change_keys(|keys| keys.rotate())
    }

    /// Publishes a key that does not sign yet. An HMAC key is published with its secret when asked
    /// for here, and never otherwise.
    pub fn publish(&self, key: &SigningKey) {
        self.publish_jwk(key.public_jwk());
    }

    /// Publishes a key in the given form, whatever it is.
    pub fn publish_jwk(&self, jwk: impl Into<Value>) {
        self.state.change_keys(|keys| keys.publish(jwk.into()));
    }

    /// Takes every key of this `kid` out of the key set. A key that signs goes on signing.
    pub fn withdraw(&self, kid: &str) {
        self.state.change_keys(|keys| keys.withdraw(kid));
    }

    /// Signs with this key from now on. It is not published by that: a token signed before its key
    /// is published is something that issuers do.
    pub fn use_key(&self, key: &SigningKey) {
        self.state.change_keys(|keys| keys.sign_with(key));
    }

    /// The key set that is published, without regard to faults or a replaced document.
    #[must_use]
    pub fn published_jwks(&self) -> Value {
        self.state.keys.locked().set()
    }

    /// These bytes instead of the key set; `None` gives the real one back.
    pub fn set_jwks_document(&self, body: Option<Vec<u8>>) {
        self.state
            .change_keys(|_| self.state.answers.locked().jwks_document = body);
    }

    /// This document instead of the discovery document; `None` gives the real one back.
    ///
    /// [`discovery_document`](Self::discovery_document) is the place to begin.
    pub fn set_discovery_document(&self, document: Option<Value>) {
        self.state.answers.locked().discovery_document = document;
    }

    /// The true discovery document.
    #[must_use]
    pub fn discovery_document(&self) -> Value {
        self.state.discovery_document()
    }

    /// The `Cache-Control` header of the key set. There is none unless asked.
    pub fn cache_control(&self, value: Option<&str>) {
        self.jwks_header("cache-control", value);
    }

    /// Any other header of the key set's good answers: `Age`, `Expires`.
    ///
    /// # Panics
    ///
    /// If the name or value cannot stand in HTTP.
    pub fn jwks_header(&self, name: &str, value: Option<&str>) {
        self.state.answers.locked().set_header(name, value);
    }

    /// Whether the key set carries `ETag` and `Last-Modified`, and `If-None-Match` and
    /// `If-Modified-Since` are answered with 304. Off unless asked.
    pub fn etags(&self, on: bool) {
        self.state.answers.locked().etags = on;
    }

    /// Lets the key set go wrong, or right again.
    pub fn fault(&self, fault: Option<Fault>) {
        self.state.answers.locked().jwks_fault = fault;
    }

    /// Lets the discovery document go wrong, or right again. A fault of keys serves that key set in
    /// the discovery document's place.
    pub fn fault_discovery(&self, fault: Option<Fault>) {
        self.state.answers.locked().discovery_fault = fault;
    }

    /// How many requests have arrived.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        self.state.counts.now()
    }

    /// Waits until so many requests for the key set have arrived since the start, answered or not.
    pub async fn jwks_requested(&self, at_least: usize) {
        self.state
            .counts
            .reached(|counts| counts.jwks >= at_least)
            .await;
    }

    /// Waits until so many requests for the discovery document have arrived since the start.
    pub async fn discovery_requested(&self, at_least: usize) {
        self.state
            .counts
            .reached(|counts| counts.discovery >= at_least)
            .await;
    }

    /// Holds the key set's answers back until the guard is released or dropped: a slow server
    /// without a clock.
    ///
    /// An answer is made when its request arrives, and then waits: a key that is rotated in the
    /// meantime is not in it.
    pub fn hold(&self) -> Hold {
        Hold::new(&self.state)
    }

    /// Closes the listener and every connection: from the moment this returns, connections are
    /// refused. The port stays reserved for [`go_online`](Self::go_online), and tokens can still be
    /// made.
    ///
    /// # Panics
    ///
    /// If somebody else takes the port in that moment.
    pub async fn go_offline(&self) {
        let serving = mem::replace(&mut *self.server.locked(), Serving::Closed);
        let offline = match serving {
            Serving::Online(server) => {
                server.stop().await;
                let reserved = port::reserve(self.port).expect("the port was ours until now");
                Serving::Offline(reserved)
            }
            other => other,
        };
        *self.server.locked() = offline;
    }

    /// Listens again on the same port after [`go_offline`](Self::go_offline).
    ///
    /// # Panics
    ///
    /// If somebody else listens on the port by now.
    pub async fn go_online(&self) {
        let mut serving = self.server.locked();
        let listener = match mem::replace(&mut *serving, Serving::Closed) {
            Serving::Online(server) => {
                *serving = Serving::Online(server);
                return;
            }
            Serving::Offline(reserved) => reserved.listen(port::BACKLOG),
            Serving::Closed => port::reserve(self.port).and_then(|own| own.listen(port::BACKLOG)),
        }
        .expect("nobody else has taken the port");
        let server = Server::spawn(listener, Arc::clone(&self.state));
        *serving = Serving::Online(server);
    }

    /// Stops serving: connections are refused from the moment this returns.
    ///
    /// [`go_offline`](Self::go_offline) does the same and keeps the issuer.
    pub async fn stop(self) {
        let serving = mem::replace(&mut *self.server.locked(), Serving::Closed);
        if let Serving::Online(server) = serving {
            server.stop().await;
        }
    }
}

impl fmt::Debug for DevIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevIssuer")
            .field("issuer", &self.issuer())
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}
