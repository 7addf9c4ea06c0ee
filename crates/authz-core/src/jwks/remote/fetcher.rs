use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::fetch_error::FetchError;
use crate::jwks::address::redact;

/// Sends the HTTP requests for key sets and metadata: the user's own client, with its proxy, its
/// trust anchors, its tests.
///
/// The time limit is kept by the caller, which drops the future when it is over.
#[async_trait]
pub trait Fetcher: fmt::Debug + Send + Sync + 'static {
    /// Sends one GET request, and reads the answer up to the limit.
    ///
    /// Any status is an answer, not an error. Redirects are the fetcher's to follow or to refuse:
    /// to follow one to another origin is to trust that origin with the keys.
    ///
    /// # Errors
    ///
    /// When there is no complete answer, or it is longer than `max_bytes`.
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError>;
}

/// One request.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FetchRequest<'a> {
    /// Where to.
    pub url: &'a Url,
    /// Header fields to send: `Accept`, `Accept-Encoding`, `If-None-Match`, `If-Modified-Since`.
    pub headers: &'a HeaderMap,
    /// Bytes of the body at most, after any decompression.
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

/// One answer.
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
