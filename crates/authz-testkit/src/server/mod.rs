//! The issuer's HTTP server.

pub(crate) mod body;
mod connection;
mod cors;
mod discovery;
pub(crate) mod faulty;
pub(crate) mod form;
pub(crate) mod grant;
mod introspection;
mod jwks;
mod login;
mod proof;
pub(crate) mod respond;
mod revocation;
mod router;
pub(crate) mod same_host;
mod token_endpoint;

use std::{convert::Infallible, sync::Arc};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

use self::{connection::Connection, respond::Reaction};

/// Answers the requests of a server.
pub(crate) trait Route: Send + Sync + 'static {
    fn route(self: Arc<Self>, request: Request<Incoming>) -> impl Future<Output = Reaction> + Send;
}

/// The running server. Dropping it stops the server and closes all connections.
#[derive(Debug)]
pub(crate) struct Server {
    accepting: JoinHandle<()>,
    stop: Option<oneshot::Sender<Infallible>>,
}

impl Server {
    pub(crate) fn spawn(listener: TcpListener, routes: Arc<impl Route>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self {
            accepting: tokio::spawn(accept(listener, routes, stopped)),
            stop: Some(stop),
        }
    }

    /// Stops the server and waits until the listener and all connections are closed.
    pub(crate) async fn stop(mut self) {
        self.stop = None;
        // An error means that the runtime shut down and cancelled the task.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    routes: Arc<impl Route>,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&routes)));
                }
                // Out of file descriptors, or the client is gone: the next connection may succeed.
                Err(error) => {
                    tracing::debug!(%error, "development issuer could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, routes: Arc<impl Route>) {
    let (connection, reset) = Connection::new(stream);
    let service = service_fn(|request| {
        let (routes, reset) = (Arc::clone(&routes), reset.clone());
        async move {
            match routes.route(request).await {
                Reaction::Response(response) => Ok(*response),
                Reaction::Never => std::future::pending().await,
                Reaction::Close => Err(Unanswered),
                Reaction::Reset => {
                    reset.at_close();
                    Err(Unanswered)
                }
            }
        }
    });
    // No timer: the server must not time out while a test pauses tokio's clock.
    let served = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "development issuer: connection ended early");
    }
}

/// The error that makes hyper close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault leaves this request unanswered")]
struct Unanswered;
