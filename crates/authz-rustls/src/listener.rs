use std::{collections::VecDeque, fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use authz_core::ClientCertificate;
use rustls::{CommonState, ServerConfig};
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Accepts TLS connections.
///
/// Handshakes run in tasks of their own, so a client that connects and says nothing does not block others.
/// A handshake that takes longer than 10 seconds fails. With more than 512 handshakes at once, the oldest
/// is given up for the newest, so silent clients can't keep others out.
pub struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshake_timeout: Duration,
    max_handshakes: usize,
    handshakes: JoinSet<Option<(TlsStream<TcpStream>, SocketAddr)>>,
    /// The handshakes in the order in which they started, with some that have ended.
    started: VecDeque<AbortHandle>,
    /// Not before this time: the last attempt to accept a connection has failed.
    accept_after: Instant,
}

/// Returns the certificate with which the client of a connection authenticated. Resumed sessions have it,
/// too.
///
/// For servers other than those of this crate: insert it into the extensions of each request.
#[must_use]
pub fn client_certificate(connection: &CommonState) -> Option<ClientCertificate> {
    // The client's own certificate comes first (RFC 8446 section 4.4.2).
    let own = connection.peer_certificates()?.first()?;
    Some(ClientCertificate::from_der(own.to_vec()))
}

impl TlsListener {
    /// Listens on `address`.
    ///
    /// # Errors
    ///
    /// Returns an error if the address can't be bound.
    pub async fn bind(
        address: impl ToSocketAddrs,
        config: impl Into<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        Ok(Self::new(TcpListener::bind(address).await?, config))
    }

    /// Accepts the connections of `tcp`.
    #[must_use]
    pub fn new(tcp: TcpListener, config: impl Into<Arc<ServerConfig>>) -> Self {
        Self {
            tcp,
            acceptor: TlsAcceptor::from(config.into()),
            handshake_timeout: Duration::from_secs(10),
            max_handshakes: 512,
            handshakes: JoinSet::new(),
            started: VecDeque::new(),
            accept_after: Instant::now(),
        }
    }

    /// Sets how long a handshake may take. Default: 10 seconds.
    #[must_use]
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets the number of handshakes at once, at least 1. Default: 512.
    #[must_use]
    pub const fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.max_handshakes = if handshakes == 0 { 1 } else { handshakes };
        self
    }

    /// Returns the address that clients connect to.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system does.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Returns the next connection whose handshake is complete, and its peer. Failed handshakes and failed
    /// attempts to accept are logged and skipped. No connection is lost if the future is dropped.
    pub async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        loop {
            let accepted = async {
                sleep_until(self.accept_after).await;
                self.tcp.accept().await
            };
            tokio::select! {
                biased;
                Some(ended) = self.handshakes.join_next() => {
                    if let Ok(Some(connection)) = ended {
                        return connection;
                    }
                }
                accepted = accepted => match accepted {
                    Ok((tcp, peer)) => self.start_handshake(tcp, peer),
                    Err(error) => self.accept_failed(&error),
                }
            }
        }
    }

    fn start_handshake(&mut self, tcp: TcpStream, peer: SocketAddr) {
        while self.handshakes.len() >= self.max_handshakes
            && let Some(oldest) = self.started.pop_front()
        {
            if !oldest.is_finished() {
                oldest.abort();
                break;
            }
        }
        let (acceptor, limit) = (self.acceptor.clone(), self.handshake_timeout);
        let handshake = self.handshakes.spawn(async move {
            // Responses are written in whole TLS records.
            let _ = tcp.set_nodelay(true);
            match timeout(limit, acceptor.accept(tcp)).await {
                Ok(Ok(tls)) => Some((tls, peer)),
                Ok(Err(error)) => {
                    tracing::debug!(%peer, %error, "TLS handshake failed");
                    None
                }
                Err(_) => {
                    tracing::debug!(%peer, "TLS handshake took too long");
                    None
                }
            }
        });
        self.started.push_back(handshake);
        self.started.retain(|it| !it.is_finished());
    }

    fn accept_failed(&mut self, error: &io::Error) {
        let of_connection = [
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset,
        ];
        if !of_connection.contains(&error.kind()) {
            tracing::error!(
                %error,
                "no connection accepted, next attempt in 1 second: raise the limit of open files if it is reached"
            );
            self.accept_after = Instant::now() + Duration::from_secs(1);
        }
    }
}

impl fmt::Debug for TlsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener")
            .field("tcp", &self.tcp)
            .finish_non_exhaustive()
    }
}
