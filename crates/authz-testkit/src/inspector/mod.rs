//! Shows the decisions and the keys of a running API to its developer.

mod recorder;

use std::{fmt, sync::Arc};

use authz_core::Authorizer;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use self::recorder::{Log, Recorder};
use crate::{
    issuer::port::{self, StartError},
    lock::Locked as _,
    server::{
        Route, Server,
        respond::{self, Reaction},
        same_host,
    },
};

/// Shows an API's decisions, with their reasons, and the state of its keys on a port of `127.0.0.1`.
///
/// The [`Dashboard`](crate::Dashboard) displays them beside each call. **For development only**: the
/// reasons contain claims of the tokens.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use authz_core::{Authorizer, Issuer};
/// use authz_testkit::Inspector;
/// use tracing_subscriber::prelude::*;
///
/// let inspector = Inspector::start(0).await?; // 3012 is where the dashboard looks
/// tracing_subscriber::registry().with(inspector.layer()).init();
///
/// let issuer = Issuer::new("https://issuer.example/").audience("https://api.example");
/// let authorizer = Authorizer::new(issuer)?;
/// inspector.watch(&authorizer);
/// # Ok(())
/// # }
/// ```
pub struct Inspector {
    shared: Arc<Shared>,
    port: u16,
    _server: Server,
}

#[derive(Default)]
struct Shared {
    log: Arc<Log>,
    status: std::sync::Mutex<Option<Status>>,
}

type Status = Arc<dyn Fn() -> Value + Send + Sync>;

impl Inspector {
    /// Starts an inspector on this port of `127.0.0.1`, or on a free one for 0. It stops when it is
    /// dropped.
    ///
    /// # Errors
    ///
    /// If another program has the port.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(port: u16) -> Result<Self, StartError> {
        let listener = port::listen(port)?;
        let address = listener.local_addr();
        let port = address
            .map_err(|source| StartError::Listen { port, source })?
            .port();
        let shared = Arc::new(Shared::default());
        tracing::warn!(
            port,
            "inspector started: for development only, it shows claims and policies to every program \
             on this machine"
        );
        Ok(Self {
            _server: Server::spawn(listener, Arc::clone(&shared)),
            shared,
            port,
        })
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the layer that records decisions. Add it to the application's `tracing` subscriber; a
    /// log filter must be set on the layer that writes the log, not on the whole subscriber.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        let decisions = Targets::new().with_target("authz", tracing::Level::TRACE);
        Recorder(Arc::clone(&self.shared.log)).with_filter(decisions)
    }

    /// Shows the keys and the cache of this authorizer.
    pub fn watch<C>(&self, authorizer: &Authorizer<C>)
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let authorizer = authorizer.clone();
        *self.shared.status.locked() = Some(Arc::new(move || status(&authorizer)));
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Route for Shared {
    async fn route(self: Arc<Self>, request: Request<Incoming>) -> Reaction {
        let refused = |status, message: &str| respond::json(status, &json!({ "error": message }));
        if !same_host::is_loopback(request.headers()) {
            return refused(
                StatusCode::FORBIDDEN,
                "the Host header does not name this machine",
            )
            .into();
        }
        let answer = match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => {
                let status = self.status.locked().clone();
                let mut answer = status.map_or_else(|| json!({}), |status| status());
                answer["decisions"] = self.log.counts();
                answer
            }
            (&Method::GET, "/decisions") => {
                let query = request.uri().query().unwrap_or_default();
                let after = query.strip_prefix("after=").and_then(|it| it.parse().ok());
                self.log.after(after)
            }
            _ => return refused(StatusCode::NOT_FOUND, "not_found").into(),
        };
        respond::json(StatusCode::OK, &answer).into()
    }
}

fn status<C: DeserializeOwned + Send + Sync + 'static>(authorizer: &Authorizer<C>) -> Value {
    let issuers = authorizer.key_status().into_iter().map(|issuer| {
        let keys = issuer.keys;
        json!({
            "issuer": issuer.issuer,
            "ready": keys.ready,
            "keys": keys.keys,
            "key_ids": keys.key_ids,
            "age": keys.age.map(|age| age.as_secs_f64()),
            "next_refresh": keys.next_refresh.map(|next| next.as_secs_f64()),
            "last_error": keys.last_error.map(|error| error.to_string()),
            "fetches": keys.fetches,
            "failures": keys.failures,
        })
    });
    let cache = authorizer
        .cache_status()
        .map(|cache| json!({ "tokens": cache.tokens, "bytes": cache.bytes }));
    json!({
        "ready": authorizer.is_ready(),
        "issuers": issuers.collect::<Value>(),
        "cache": cache,
    })
}
