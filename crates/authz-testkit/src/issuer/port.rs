use std::{io, net::Ipv4Addr};

use tokio::net::{TcpListener, TcpSocket};

/// Why an issuer did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be listened on: another program has it, or it needs privileges.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for; 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

/// Listens on this port of `127.0.0.1`, or on a free one for 0.
pub(crate) fn listen(port: u16) -> Result<TcpListener, StartError> {
    reserve(port)
        .and_then(|socket| socket.listen(BACKLOG))
        .map_err(|source| StartError::Listen { port, source })
}

/// Takes the port without listening: connections to it are refused, and nobody else gets it.
pub(crate) fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections of a moment ago must not keep the port from us. On Windows the option means
    // that two programs may share the port, and is not needed.
    socket.set_reuseaddr(cfg!(not(windows)))?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

/// Connections that may wait to be accepted.
pub(crate) const BACKLOG: u32 = 1024;
