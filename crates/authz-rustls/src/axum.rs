//! Serves axum applications.
//!
//! ```no_run
//! use authz_rustls::{ClientAuth, ClientCertificate, TlsConfig, TlsListener};
//! use axum::{Extension, Router, routing::get};
//!
//! async fn handler(certificate: Option<Extension<ClientCertificate>>) -> &'static str {
//!     if certificate.is_some() { "with a certificate" } else { "without" }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (chain, key) = (std::fs::read("chain.pem")?, std::fs::read("key.pem")?);
//! let tls = TlsConfig::from_pem(&chain, &key)?.client_auth(ClientAuth::Optional).build()?;
//! let listener = TlsListener::bind("[::]:443", tls).await?;
//! let app = Router::new().route("/", get(handler));
//! authz_rustls::axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//! ```

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    net::SocketAddr,
    task::{Context, Poll},
};

use ::axum::{
    Extension,
    extract::{ConnectInfo, Request},
    middleware::AddExtension,
    response::Response,
    serve::{IncomingStream, Listener, Serve},
};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::{connection::WithConnection, listener::TlsListener};

/// Serves `app`, a `Router` or another service, on `listener`.
///
/// The extensions of each request have the client's [`ClientCertificate`](crate::ClientCertificate), if it
/// has one, and `ConnectInfo<SocketAddr>`. With `axum::serve` instead, they have neither.
///
/// Returns axum's own future, so `with_graceful_shutdown` works as usual.
pub fn serve<S>(
    listener: TlsListener,
    app: S,
) -> Serve<TlsListener, MakeConnectionService<S>, ConnectionService<S>>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    ::axum::serve(listener, MakeConnectionService(app))
}

/// Makes the service of each connection. Used by [`serve`].
#[derive(Clone, Debug)]
pub struct MakeConnectionService<S>(S);

/// The service of one connection.
pub type ConnectionService<S> = WithConnection<AddExtension<S, ConnectInfo<SocketAddr>>>;

impl<S: Clone> Service<IncomingStream<'_, TlsListener>> for MakeConnectionService<S> {
    type Response = ConnectionService<S>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, TlsListener>) -> Self::Future {
        let peer = *stream.remote_addr();
        let app = Extension(ConnectInfo(peer)).layer(self.0.clone());
        ready(Ok(WithConnection::new(app, stream.io(), peer)))
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        Self::accept(self).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}
