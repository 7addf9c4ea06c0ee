//! Serves warp filters and every other [`tower::Service`](tower_service::Service) for hyper.
//!
//! ```no_run
//! use authz_rustls::{ClientAuth, ClientCertificate, TlsConfig, TlsListener};
//! use warp::Filter as _;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (chain, key) = (std::fs::read("chain.pem")?, std::fs::read("key.pem")?);
//! let tls = TlsConfig::from_pem(&chain, &key)?.client_auth(ClientAuth::Optional).build()?;
//! let listener = TlsListener::bind("[::]:443", tls).await?;
//! let routes = warp::ext::optional().map(|certificate: Option<ClientCertificate>| {
//!     if certificate.is_some() { "with a certificate" } else { "without" }
//! });
//! let shutdown = std::future::pending(); // or a signal
//! authz_rustls::hyper::serve(listener, warp::service(routes), shutdown).await;
//! # Ok(())
//! # }
//! ```

use std::{
    error::Error,
    pin::{Pin, pin},
    time::Duration,
};

use ::hyper::{
    body::{Body, Incoming},
    server::conn::{http1, http2},
};
use http::{Request, Response};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::server::TlsStream;
use tower_service::Service;

use crate::{connection::WithConnection, listener::TlsListener};

/// Serves `service` on `listener` until `shutdown` is ready. Then accepts no more connections, and returns
/// when the requests in progress are answered.
///
/// The extensions of each request have the client's [`ClientCertificate`](crate::ClientCertificate), if it
/// has one, and the [`PeerAddress`](crate::PeerAddress). warp's own `warp::addr::remote()` is `None`.
///
/// A connection that ALPN has not selected HTTP/2 for is HTTP/1.1. A client must send the head of a request
/// within 30 seconds, and answer HTTP/2 pings within 20.
pub async fn serve<S, B>(mut listener: TlsListener, service: S, shutdown: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (stop, stopped) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        let (tls, peer) = tokio::select! {
            connection = listener.accept() => connection,
            () = &mut shutdown => break,
        };
        let service = WithConnection::new(service.clone(), &tls, peer);
        let stopped = stopped.clone();
        tokio::spawn(async move {
            if let Err(error) = serve_connection(tls, service, stopped).await {
                tracing::debug!(%peer, %error, "connection failed");
            }
        });
    }
    drop((listener, stopped));
    stop.send_replace(());
    // Each connection has a receiver until it ends.
    stop.closed().await;
}

/// The protocol comes from ALPN and not from the first bytes, which a silent client never sends.
async fn serve_connection<S, B>(
    tls: TlsStream<TcpStream>,
    service: S,
    stopped: watch::Receiver<()>,
) -> ::hyper::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    let (io, service) = (TokioIo::new(tls), TowerToHyperService::new(service));
    if is_http2 {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(20))
            .serve_connection(io, service);
        return until_stopped(connection, http2::Connection::graceful_shutdown, stopped).await;
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(io, service)
        .with_upgrades();
    let stop = http1::UpgradeableConnection::graceful_shutdown;
    until_stopped(connection, stop, stopped).await
}

/// Drives `connection` to its end. After a signal by `stopped`, it ends with the requests in progress.
async fn until_stopped<C: Future>(
    connection: C,
    stop: fn(Pin<&mut C>),
    mut stopped: watch::Receiver<()>,
) -> C::Output {
    let mut connection = pin!(connection);
    tokio::select! {
        output = &mut connection => return output,
        _ = stopped.changed() => stop(connection.as_mut()),
    }
    connection.await
}
