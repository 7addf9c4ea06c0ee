//! A connection on which the test decides what is sent when.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use super::{HttpError, Response, TIMEOUT};

/// An open connection: send a request in pieces, read the answer later.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nothing listens there.
    pub fn open(address: SocketAddr) -> Result<Self, HttpError> {
        let connect = || {
            let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            stream.set_nodelay(true)?;
            Ok(Self(stream))
        };
        connect().map_err(|source| HttpError::Connect { address, source })
    }

    /// Sends these bytes as they are.
    ///
    /// # Errors
    ///
    /// When the connection is broken.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        Ok(self.0.write_all(bytes)?)
    }

    /// Reads up to the end of the head of an interim answer (status 1xx) and throws it away.
    ///
    /// # Errors
    ///
    /// When the connection breaks before.
    pub fn read_interim(&mut self) -> Result<u16, HttpError> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte)?;
            head.extend(byte);
        }
        Response::parse(&head, true).map(|response| response.status())
    }

    /// Reads one answer, whose head says how long it is. The connection stays open for the next request, if the
    /// last one had `Connection: keep-alive`.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what came is not HTTP or has no `Content-Length`.
    pub fn read_answer(&mut self) -> Result<Response, HttpError> {
        let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.0.read(&mut part)?;
            bytes.extend(&part[..read]);
            match Response::parse(&bytes, false) {
                Ok(answer) if answer.header("Content-Length").is_some() => return Ok(answer),
                Ok(_) => return Err(HttpError::Malformed("it does not say its length")),
                Err(error) if read == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Reads until the server closes, and takes what came as one answer. `head_only` says that the
    /// request was `HEAD`, whose answer has no body whatever its `Content-Length`.
    ///
    /// # Errors
    ///
    /// When the connection breaks or what came is not HTTP.
    pub fn receive(mut self, head_only: bool) -> Result<Response, HttpError> {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        match Response::parse(&bytes, head_only) {
            Ok(response) => Ok(response),
            // A broken connection explains an incomplete answer better than the parser does.
            Err(incomplete) => Err(read.err().map_or(incomplete, HttpError::Broken)),
        }
    }
}
