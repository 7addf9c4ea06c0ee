use std::{
    net::SocketAddr,
    task::{Context, Poll},
};

use authz_core::{ClientCertificate, PeerAddress};
use http::Request;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower_service::Service;

use crate::listener::client_certificate;

/// Serves the requests of one connection with `S`. Inserts the client's [`ClientCertificate`], if it has
/// one, and the [`PeerAddress`] into the extensions of each.
#[derive(Clone, Debug)]
pub struct WithConnection<S> {
    inner: S,
    certificate: Option<ClientCertificate>,
    peer: PeerAddress,
}

impl<S> WithConnection<S> {
    pub(crate) fn new(inner: S, tls: &TlsStream<TcpStream>, peer: SocketAddr) -> Self {
        Self {
            inner,
            certificate: client_certificate(tls.get_ref().1),
            peer: PeerAddress(peer),
        }
    }
}

impl<S, B> Service<Request<B>> for WithConnection<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        if let Some(certificate) = &self.certificate {
            extensions.insert(certificate.clone());
        }
        self.inner.call(request)
    }
}
