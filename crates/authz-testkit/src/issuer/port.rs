use std::{io, net::Ipv4Addr};

use tokio::net::{TcpListener, TcpSocket};

/// The reason why an issuer did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The issuer cannot listen on the port: another program uses it, or it requires privileges.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The requested port; 0 for any.
        port: u16,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// Listens on this port of `127.0.0.1`, or on a free port for 0.
pub(crate) fn listen(port: u16) -> Result<TcpListener, StartError> {
    reserve(port)
        .and_then(|socket| socket.listen(BACKLOG))
        .map_err(|source| StartError::Listen { port, source })
}

/// Binds the port without listening: it refuses connections, and no other program can bind it.
pub(crate) fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Recently closed connections would block the port. On Windows the option lets two programs
    // share the port, and closed connections do not block it.
    socket.set_reuseaddr(cfg!(not(windows)))?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

/// Maximum number of connections that wait to be accepted.
pub(crate) const BACKLOG: u32 = 1024;
