//! Serves poem endpoints.
//!
//! poem's own server drops everything about a connection but its addresses, so an `Acceptor` can't pass a
//! certificate to the requests. [`serve`] takes the place of `poem::Server`.
//!
//! ```no_run
//! use authz_rustls::{ClientAuth, ClientCertificate, TlsConfig, TlsListener};
//! use poem::{Request, Route, get, handler};
//!
//! #[handler]
//! fn index(request: &Request) -> &'static str {
//!     match request.data::<ClientCertificate>() {
//!         Some(_) => "with a certificate",
//!         None => "without",
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (chain, key) = (std::fs::read("chain.pem")?, std::fs::read("key.pem")?);
//! let tls = TlsConfig::from_pem(&chain, &key)?.client_auth(ClientAuth::Optional).build()?;
//! let listener = TlsListener::bind("[::]:443", tls).await?;
//! let shutdown = std::future::pending(); // or a signal
//! authz_rustls::poem::serve(listener, Route::new().at("/", get(index)), shutdown).await?;
//! # Ok(())
//! # }
//! ```

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ::hyper::body::Incoming;
use ::poem::{
    Endpoint, IntoEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use authz_core::PeerAddress;
use bytes::Bytes;
use http::Request;
use http_body_util::combinators::BoxBody;
use tower_service::Service;

use crate::{hyper, listener::TlsListener};

/// Serves `app` on `listener` until `shutdown` is ready, as [`hyper::serve`] does.
///
/// The extensions of each request have the client's [`ClientCertificate`](crate::ClientCertificate), if it
/// has one. `remote_addr`, `local_addr` and `scheme` are those that `poem::Server` would set.
///
/// # Errors
///
/// Returns an error if the operating system does not know the listener's address.
pub async fn serve<E>(
    listener: TlsListener,
    app: E,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let local = LocalAddr(listener.local_addr()?.into());
    let service = EndpointService {
        endpoint: Arc::new(app.into_endpoint()),
        local,
    };
    hyper::serve(listener, service, shutdown).await;
    Ok(())
}

struct EndpointService<E> {
    endpoint: Arc<E>,
    local: LocalAddr,
}

impl<E: Endpoint + 'static> Service<Request<Incoming>> for EndpointService<E> {
    type Response = http::Response<BoxBody<Bytes, io::Error>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let peer = request.extensions().get().map(|PeerAddress(it)| *it);
        let remote = peer.map_or_else(RemoteAddr::default, |it| RemoteAddr(it.into()));
        let request = (request, self.local.clone(), remote, Scheme::HTTPS).into();
        let endpoint = Arc::clone(&self.endpoint);
        Box::pin(async move { Ok(endpoint.get_response(request).await.into()) })
    }
}

impl<E> Clone for EndpointService<E> {
    fn clone(&self) -> Self {
        Self {
            endpoint: Arc::clone(&self.endpoint),
            local: self.local.clone(),
        }
    }
}
