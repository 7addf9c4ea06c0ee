use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::jwks::address::redact;
use crate::jwks::fetch_error::FetchError;

/// Sends the HTTP requests for key sets and metadata. Implement it to use your own HTTP client.
///
/// The caller enforces the time limit by dropping the future.
#[async_trait]
pub trait Fetcher: fmt::Debug + Send + Sync + 'static {
    /// Sends one GET request and reads the response up to `max_bytes`.
    ///
    /// Return any status as a response, not as an error. The fetcher decides about redirects: if it
    /// follows one to another origin, it trusts that origin with the keys.
    ///
    /// # Errors
    ///
    /// Return [`FetchError`] only if no complete response arrived or it is longer than `max_bytes`.
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError>;

    /// Sends one POST request, for [introspection](crate::Introspection) or a poll of security events, and reads
    /// the response up to `max_bytes`. The default returns an error.
    ///
    /// Do not follow redirects: the request carries the credentials of this API, and maybe a token.
    ///
    /// # Errors
    ///
    /// Return [`FetchError`] only if no complete response arrived or it is longer than `max_bytes`.
    async fn post(&self, request: PostRequest<'_>) -> Result<Fetched, FetchError> {
        let _ = request;
        Err(FetchError::transport(
            "the fetcher does not send POST requests: implement `Fetcher::post`",
        ))
    }
}

/// A request for a key set or metadata.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FetchRequest<'a> {
    /// The address.
    pub url: &'a Url,
    /// Header fields to send: `Accept`, `Accept-Encoding`, `If-None-Match`, `If-Modified-Since`.
    pub headers: &'a HeaderMap,
    /// Maximum size of the body in bytes, after decompression.
    pub max_bytes: usize,
}

impl fmt::Debug for FetchRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("url", &redact(self.url.as_str()))
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

/// A request that carries the credentials of this API, and maybe a token. `Debug` prints neither.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct PostRequest<'a> {
    /// The address.
    pub url: &'a Url,
    /// Header fields to send: `Accept`, `Accept-Encoding`, `Content-Type`, `Authorization`.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a Bytes,
    /// Maximum size of the response's body in bytes, after decompression.
    pub max_bytes: usize,
}

impl fmt::Debug for PostRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostRequest")
            .field("url", &redact(self.url.as_str()))
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

/// A response.
#[derive(Clone)]
pub struct Fetched {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
