//! HTTP/1.1 over a plain TCP connection to a loopback address, byte for byte.
//!
//! One request per connection, unless it says `Connection: keep-alive`. What is sent is exactly what the test wrote, in its order and
//! spelling; only `Host`, `Connection: close` and a body's `Content-Length` are added.

mod connection;
mod request;
mod response;

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

pub use self::{connection::Connection, request::Request, response::Response};

/// How long one read or write may take. A server on the same machine that needs longer hangs.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Nothing accepts connections there.
    #[error("cannot connect to {address}")]
    Connect {
        /// The address tried.
        address: SocketAddr,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The connection broke, or nothing came in time.
    #[error("the connection failed")]
    Broken(#[from] io::Error),
    /// What came back is not HTTP/1.1.
    #[error("not an HTTP/1.1 answer: {0}")]
    Malformed(&'static str),
    /// A URL that this client does not speak to.
    #[error("{url:?} is not a plain http:// URL of a host on this machine: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Splits `http://HOST[:PORT]/PATH` into the address to connect to and the request target.
///
/// # Errors
///
/// For anything but plain `http` to a loopback address, which is all that development needs.
pub fn split_url(url: &str) -> Result<(SocketAddr, String), HttpError> {
    let wrong = |reason| HttpError::Url {
        url: url.to_owned(),
        reason,
    };
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| wrong("it does not begin with http://"))?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let with_port = match authority.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
        _ => format!("{authority}:80"),
    };
    let addresses = with_port
        .to_socket_addrs()
        .map_err(|_| wrong("its host is not known"))?;
    // `localhost` may be both ::1 and 127.0.0.1, and development servers listen on the latter.
    let address = addresses
        .filter(|address| address.ip().is_loopback())
        .min_by_key(SocketAddr::is_ipv6)
        .ok_or_else(|| wrong("its host is another machine"))?;
    Ok((address, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::split_url;

    #[test]
    fn urls() {
        let split = |url| split_url(url).ok().map(|(to, path)| (to.to_string(), path));
        let expected = |to: &str, path: &str| Some((to.to_owned(), path.to_owned()));
        assert_eq!(
            split("http://127.0.0.1:3011/oauth/token"),
            expected("127.0.0.1:3011", "/oauth/token")
        );
        assert_eq!(
            split("http://127.0.0.1:3011"),
            expected("127.0.0.1:3011", "/")
        );
        assert_eq!(split("http://127.0.0.1/a"), expected("127.0.0.1:80", "/a"));
        assert_eq!(split("http://[::1]:9/"), expected("[::1]:9", "/"));
        assert_eq!(split("https://127.0.0.1/"), None);
        assert_eq!(split("http://192.0.2.1/"), None);
        assert_eq!(split("127.0.0.1:80"), None);
    }
}
