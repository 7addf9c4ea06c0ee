use std::{
    fmt::Display,
    future::Future,
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
};

use authz_core::{Authorizer, BuildError, rules::Rules};
use tokio::net::TcpListener;

use crate::{
    Config, Cors, Messages, Shutdown,
    announce::announce,
    authorizer::authorizer,
    embedded, logging,
    supervise::{self, supervise},
};

/// What a server needs in order to serve.
#[derive(Debug)]
#[non_exhaustive]
pub struct Start {
    /// Decides about requests, as configured.
    pub authorizer: Authorizer,
    /// Who may do what, if a file says so; else the server's own policies do.
    pub rules: Option<Rules>,
    /// Which pages of other origins may call the API.
    pub cors: Cors,
    /// The messages.
    pub messages: Messages,
    /// Bound, and about to be announced.
    pub listener: TcpListener,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// Starts a server as the environment says, and gives the status to exit with: 0 after a signal, 2
/// when the configuration is wrong, and 1 for all other trouble.
#[must_use]
pub fn run<S>(serve: impl FnOnce(Start) -> S) -> ExitCode
where
    S: Future<Output = io::Result<()>>,
{
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => return exit(CONFIGURATION, &error),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return exit(FAILURE, &error),
    };
    let ended = runtime.block_on(start(config, serve));
    // A name that is being resolved for the sake of keys keeps nobody waiting.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit(error.status(), &error),
    }
}

fn exit(status: u8, error: &dyn Display) -> ExitCode {
    // Where stderr is closed, the status has to do.
    let _ = writeln!(io::stderr(), "error: {error}");
    ExitCode::from(status)
}

async fn start<S>(config: Config, serve: impl FnOnce(Start) -> S) -> Result<(), StartError>
where
    S: Future<Output = io::Result<()>>,
{
    logging::init(config.log);
    for ignored in &config.warnings {
        tracing::warn!("{ignored}");
    }
    for variable in &config.unknown {
        tracing::warn!(
            "{variable:?} is set, and is no variable of this server: it changes nothing"
        );
    }
    let signals = supervise::signals().map_err(StartError::Signals)?;
    let unbound = |source| StartError::Listen {
        address: config.address,
        source,
    };
    let listener = TcpListener::bind(config.address).await.map_err(unbound)?;
    let listening = listener.local_addr().map_err(unbound)?;

    let (trusted, own_issuer) = match config.issuer {
        Some(trusted) => (trusted, None),
        None => {
            let issuer = embedded::start(&config.algorithms).await?;
            (embedded::trusted(&issuer), Some(issuer))
        }
    };
    // Whoever tries the server on one machine calls it there; elsewhere only its operator knows
    // under which URL it is reached.
    // And a resource identifier by plain http is this machine's alone (RFC 9728 section 1.2).
    let here = listening.ip().is_loopback() || listening.ip().is_unspecified();
    let own_url = (own_issuer.as_ref())
        .filter(|_| here)
        .map(|_| embedded::base_url(listening));
    let resource = config.resource.or(own_url);
    let authorizer = authorizer(&trusted, &config.algorithms, resource.as_deref())?;

    let serve = |shutdown| {
        serve(Start {
            authorizer,
            rules: config.rules,
            cors: Cors::new(config.cors_origins),
            messages: Messages::default(),
            listener,
            shutdown,
        })
    };
    // A closed stdout is no reason not to serve.
    if let Err(error) = announce(&mut io::stdout(), listening, own_issuer.as_ref()) {
        tracing::warn!(%error, "nothing can be printed");
    }
    supervise(serve, signals).await.map_err(StartError::Serve)
}

/// Why a server with a good configuration does not serve.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(
        "cannot listen on {address}: {source}; HOST and PORT say where, PORT=0 is any free port"
    )]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot start the development issuer: {0}")]
    Issuer(#[from] authz_testkit::StartError),
    #[error("{0}")]
    Authorizer(#[from] BuildError),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    #[error("cannot serve: {0}")]
    Serve(io::Error),
}

impl StartError {
    const fn status(&self) -> u8 {
        match self {
            Self::Authorizer(_) => CONFIGURATION,
            _ => FAILURE,
        }
    }
}

const FAILURE: u8 = 1;
const CONFIGURATION: u8 = 2;
