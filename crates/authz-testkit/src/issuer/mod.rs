//! An issuer that runs in the test's process.

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
/// It publishes a discovery document and a key set, and issues a token to anyone who asks. It runs on
/// the tokio runtime that it was started in, and stops when it is dropped.
///
/// A test can rotate and withdraw keys, replace documents, set faults, hold answers, and take the
/// server offline. Every change applies from the next request on.
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
    /// Bound without listening: connections are refused, and the port stays reserved.
    Offline(TcpSocket),
    /// Changing between the two, or stopped.
    Closed,
}

impl DevIssuer {
    pub(crate) fn serve(state: State, listener: TcpListener, port: u16) -> Self {
        let state = Arc::new(state);
        tracing::warn!(
            issuer = %state.identity.issuer,
            "development issuer started: for development and tests only, it issues a token to \
             anyone who asks"
        );
        let server = Server::spawn(listener, Arc::clone(&state));
        Self {
            state,
            port,
            server: Mutex::new(Serving::Online(server)),
        }
    }

    /// Returns the issuer's identifier, the `iss` of its tokens: `http://127.0.0.1:PORT/`, with a
    /// trailing slash like Auth0's.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.identity.issuer
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the address of the key set.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        self.state.identity.jwks_uri()
    }

    /// Returns the address of the OpenID Connect discovery document.
    #[must_use]
    pub fn discovery_uri(&self) -> String {
        self.state
            .identity
            .under(".well-known/openid-configuration")
    }

    /// Returns the address of the token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        self.state.identity.token_endpoint()
    }

    /// Returns the address that tells whether a token is active (RFC 7662). Clients authenticate there, with any
    /// secret unless [`introspection_client`](Self::introspection_client) sets one.
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        self.state.identity.introspection_endpoint()
    }

    /// Returns the address that revokes a token (RFC 7009), for anyone who has it.
    #[must_use]
    pub fn revocation_endpoint(&self) -> String {
        self.state.identity.revocation_endpoint()
    }

    /// Returns the default audience of tokens: `https://quickstart.example/api` unless configured.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.state.identity.audience
    }

    /// Starts a valid token of this issuer for its audience, signed with the current key.
    pub fn token(&self) -> TokenBuilder {
        self.state.token(&self.key())
    }

    /// Issues an opaque token: `prefix` and random characters. The claims of `token` are what its introspection
    /// says.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use authz_testkit::DevIssuer;
    ///
    /// let issuer = DevIssuer::start().await;
    /// let token = issuer.opaque("dev_", &issuer.token().scope("read:messages"));
    /// assert!(token.starts_with("dev_"));
    /// # }
    /// ```
    pub fn opaque(&self, prefix: &str, token: &TokenBuilder) -> String {
        self.state.issued.locked().issue(prefix, token)
    }

    /// Revokes a token of any kind: its introspection says that it is not active.
    pub fn revoke(&self, token: &str) {
        self.state.issued.locked().revoke(token);
    }

    /// Lets only this client introspect, with this secret. Others get 401.
    pub fn introspection_client(&self, client: impl Into<String>, secret: impl Into<String>) {
        let client = (client.into(), secret.into());
        self.state.issued.locked().introspecting = Some(client);
    }

    /// Returns the key that currently signs.
    #[must_use]
    pub fn key(&self) -> SigningKey {
        self.state.keys.locked().current()
    }

    /// Returns the newest key for `algorithm`, if the issuer has one.
    #[must_use]
    pub fn key_for(&self, algorithm: Algorithm) -> Option<SigningKey> {
        self.state.keys.locked().of(algorithm)
    }

    /// Generates and publishes a key for the current algorithm, which signs from now on. Old keys stay
    /// published.
    pub fn rotate(&self) -> SigningKey {
        self.state.change_keys(|keys| keys.rotate())
    }

    /// Publishes a key without signing with it. This is the only way to publish an HMAC key, and it
    /// publishes the secret.
    pub fn publish(&self, key: &SigningKey) {
        self.publish_jwk(key.public_jwk());
    }

    /// Publishes any JSON value as a key.
    pub fn publish_jwk(&self, jwk: impl Into<Value>) {
        self.state.change_keys(|keys| keys.publish(jwk.into()));
    }

    /// Removes every key with this `kid` from the key set. If it is the current key, it still signs.
    pub fn withdraw(&self, kid: &str) {
        self.state.change_keys(|keys| keys.withdraw(kid));
    }

    /// Signs with this key from now on, without publishing it. Real issuers sometimes sign with a key
    /// before they publish it.
    pub fn use_key(&self, key: &SigningKey) {
        self.state.change_keys(|keys| keys.sign_with(key));
    }

    /// Returns the published key set, without faults and without the document of
    /// [`set_jwks_document`](Self::set_jwks_document).
    #[must_use]
    pub fn published_jwks(&self) -> Value {
        self.state.keys.locked().set()
    }

    /// Serves these bytes instead of the key set. `None` restores the key set.
    pub fn set_jwks_document(&self, body: Option<Vec<u8>>) {
        self.state
            .change_keys(|_| self.state.answers.locked().jwks_document = body);
    }

    /// Serves this document instead of the discovery document. `None` restores the original.
    ///
    /// Start from [`discovery_document`](Self::discovery_document) to change single members.
    pub fn set_discovery_document(&self, document: Option<Value>) {
        self.state.answers.locked().discovery_document = document;
    }

    /// Returns the original discovery document.
    #[must_use]
    pub fn discovery_document(&self) -> Value {
        self.state.discovery_document()
    }

    /// Sets the `Cache-Control` header of the key set. Default: none.
    pub fn cache_control(&self, value: Option<&str>) {
        self.jwks_header("cache-control", value);
    }

    /// Sets any header of the key set's good answers, such as `Age` or `Expires`. `None` removes it.
    ///
    /// # Panics
    ///
    /// If the name or the value is not valid in HTTP.
    pub fn jwks_header(&self, name: &str, value: Option<&str>) {
        self.state.answers.locked().set_header(name, value);
    }

    /// Turns conditional requests for the key set on or off: `ETag` and `Last-Modified` in answers, and
    /// 304 for a matching `If-None-Match` or `If-Modified-Since`. Default: off.
    pub fn etags(&self, on: bool) {
        self.state.answers.locked().etags = on;
    }

    /// Sets the fault of the key set. `None` clears it.
    pub fn fault(&self, fault: Option<Fault>) {
        self.state.answers.locked().jwks_fault = fault;
    }

    /// Sets the fault of the discovery document. `None` clears it. A fault that concerns keys serves
    /// that key set instead of the discovery document.
    pub fn fault_discovery(&self, fault: Option<Fault>) {
        self.state.answers.locked().discovery_fault = fault;
    }

    /// Sets the fault of the introspection endpoint. `None` clears it. A fault that concerns keys serves that key
    /// set instead of the answer.
    pub fn fault_introspection(&self, fault: Option<Fault>) {
        self.state.answers.locked().introspection_fault = fault;
    }

    /// Returns the numbers of requests so far.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        self.state.counts.now()
    }

    /// Waits until `at_least` requests for the key set have arrived since the start, answered or not.
    pub async fn jwks_requested(&self, at_least: usize) {
        self.state
            .counts
            .reached(|counts| counts.jwks >= at_least)
            .await;
    }

    /// Waits until `at_least` requests for the discovery document have arrived since the start.
    pub async fn discovery_requested(&self, at_least: usize) {
        self.state
            .counts
            .reached(|counts| counts.discovery >= at_least)
            .await;
    }

    /// Holds the key set's answers until the guard is released or dropped. It simulates a slow server
    /// without a clock.
    ///
    /// Each answer is prepared when its request arrives, and does not contain later changes.
    pub fn hold(&self) -> Hold {
        Hold::new(&self.state)
    }

    /// Closes the listener and all connections. Connections are refused once this returns. The port
    /// stays reserved for [`go_online`](Self::go_online), and [`token`](Self::token) still works.
    ///
    /// # Panics
    ///
    /// If another program takes the port in the meantime.
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
    /// If another program has taken the port.
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
        .expect("no other program has taken the port");
        let server = Server::spawn(listener, Arc::clone(&self.state));
        *serving = Serving::Online(server);
    }

    /// Stops the issuer. Connections are refused once this returns.
    ///
    /// Use [`go_offline`](Self::go_offline) to keep the issuer.
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
