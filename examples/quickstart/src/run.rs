use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use authz_core::{Authorizer, Issuer, Resource, rules::Rules};
use authz_rustls::rustls::ServerConfig;
use authz_testkit::Inspector;
use tokio::{net::TcpListener, runtime::Runtime};
use tracing_subscriber::prelude::*;

use crate::{
    Cors, Docs, Messages, READ, Shutdown, WRITE,
    config::Config,
    embedded, metrics,
    store::Store,
    supervise::{self, supervise},
};

/// The parts that a server needs to serve.
#[expect(missing_debug_implementations, reason = "a boxed future has none")]
#[non_exhaustive]
pub struct Start {
    /// Authorizes requests, as configured.
    pub authorizer: Authorizer,
    /// The rules of `AUTHZ_RULES`, which replace the server's own policies.
    pub rules: Option<Rules>,
    /// The origins whose pages may call the API.
    pub cors: Cors,
    /// The documentation of the API.
    pub docs: Docs,
    /// The messages.
    pub messages: Messages,
    /// Listens on the configured address.
    pub listener: TcpListener,
    /// The certificate of the server, if it serves https.
    pub tls: Option<Arc<ServerConfig>>,
    /// Resolves when the server should stop.
    pub shutdown: Shutdown,
}

/// Starts a server and returns the exit status: 0 after a signal, 2 for an invalid configuration, 1 for
/// any other error.
#[must_use]
pub fn run(serve: impl AsyncFnOnce(Start) -> io::Result<()>) -> ExitCode {
    let run = || {
        let config = Config::from_env().map_err(|error| (2, error))?;
        let runtime = Runtime::new().map_err(cannot("start"))?;
        let ended = runtime.block_on(start(config, serve));
        // A pending DNS lookup of a key server must not delay the exit.
        runtime.shutdown_background();
        ended
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err((status, message)) => {
            // If stderr is closed, only the status remains.
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::from(status)
        }
    }
}

/// The exit status and the message for stderr.
type Failure = (u8, String);

fn cannot<E: Display>(what: &str) -> impl FnOnce(E) -> Failure {
    move |error| (1, format!("cannot {what}: {error}"))
}

async fn start(
    config: Config,
    serve: impl AsyncFnOnce(Start) -> io::Result<()>,
) -> Result<(), Failure> {
    let inspector = match config.inspector_port.map(Inspector::start) {
        Some(inspector) => Some(inspector.await.map_err(cannot("start the inspector"))?),
        None => None,
    };
    let log = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_filter(config.log);
    tracing_subscriber::registry()
        .with(log)
        .with(inspector.as_ref().map(Inspector::layer))
        .init();
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let store = match &config.bound.store_url {
        Some(url) => {
            let advice = "give redis://HOST:PORT, or rediss://HOST:PORT for TLS";
            let invalid = |error| (2, format!("AUTHZ_STORE: {error}; {advice}"));
            Some(Store::connect(url).await.map_err(invalid)?)
        }
        None => None,
    };
    let signals = supervise::signals().map_err(cannot("listen for signals"))?;
    let address = config.address;
    let listen = format!("listen on {address} (HOST and PORT say where, PORT=0 is any free port)");
    let listener = (TcpListener::bind(address).await).map_err(cannot(&listen))?;
    let listening = listener.local_addr().map_err(cannot(&listen))?;
    let tls = config.bound.tls.clone();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let base_url = embedded::base_url(scheme, listening);
    let mut announcement = format!("listening on {scheme}://{listening}\n");
    if let Some(inspector) = &inspector {
        announcement += &format!("inspector http://127.0.0.1:{}\n", inspector.port());
    }
    if let Some(port) = config.metrics_port {
        metrics::serve(port).map_err(cannot("serve metrics"))?;
        announcement += &format!("metrics http://127.0.0.1:{port}/metrics\n");
    }
    let mut resource = config.resource;
    // The development issuer serves its keys until it is dropped.
    let own_issuer;
    let (issuer, audience) = match config.issuer {
        Some(issuer) => issuer,
        None => {
            let inspector_port = inspector.as_ref().map(Inspector::port);
            let issuer = embedded::start(&config.algorithms, &base_url, inspector_port).await;
            own_issuer = issuer.map_err(cannot("start the development issuer"))?;
            let issuer = &own_issuer;
            announcement.push_str(&embedded::announcement(issuer, &base_url));
            // A resource identifier with plain http must be on this machine (RFC 9728 section 1.2).
            if listening.ip().is_loopback() || listening.ip().is_unspecified() {
                resource = resource.or_else(|| Some(base_url.clone()));
            }
            let audience = issuer.audience().to_owned();
            (Issuer::new(issuer.issuer()).audience(&audience), audience)
        }
    };
    let issuer = (config.introspection.into_iter()).fold(issuer, Issuer::introspect);
    let issuer = config.bound.issuer(issuer.algorithms(config.algorithms));
    let builder = Authorizer::builder().issuer(issuer);
    let builder = config.bound.authorizer(builder, &base_url, store).await;
    let mut builder = builder.map_err(|error| (1, error))?;
    if let Some(resource) = resource {
        let resource = Resource::new(resource).scopes_supported([READ, WRITE]);
        builder = builder.resource(resource.also_at_root());
    }
    let authorizer = builder.build().map_err(|error| (2, error.to_string()))?;
    if let Some(inspector) = &inspector {
        inspector.watch(&authorizer);
    }
    if config.metrics_port.is_some() {
        tokio::spawn(metrics::update_gauges(authorizer.clone()));
    }

    // A closed stdout does not stop the server.
    if let Err(error) = io::stdout().write_all(announcement.as_bytes()) {
        tracing::warn!(%error, "cannot write to stdout");
    }
    let start = |shutdown| Start {
        docs: Docs::new(authorizer.clone(), audience),
        authorizer,
        rules: config.rules,
        cors: Cors::new(config.cors_origins),
        messages: Messages::default(),
        listener,
        tls,
        shutdown,
    };
    let served = supervise(async |shutdown| serve(start(shutdown)).await, signals);
    served.await.map_err(cannot("serve"))
}
