use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::sync::Mutex;
use url::Url;

use super::{
    fetcher::{Fetched, PostRequest},
    source::{RemoteSource, SourceState, request_headers, unexpected},
};
use crate::jwks::{error::KeysError, fetch_error::FetchError};

/// An endpoint that takes POST requests, at a given address or found by discovery.
#[derive(Debug)]
pub(crate) struct RemoteEndpoint {
    source: RemoteSource,
    /// Locked while discovery runs: all requests wait for the same one.
    memory: Mutex<SourceState>,
}

impl RemoteEndpoint {
    pub(super) fn new(source: RemoteSource) -> Self {
        Self {
            source,
            memory: Mutex::default(),
        }
    }

    /// Returns the address.
    pub(crate) async fn locate(&self) -> Result<Url, KeysError> {
        let mut memory = self.memory.lock().await;
        self.source.locate(&mut memory).await
    }

    /// Sends a request and returns a response with status 200.
    pub(crate) async fn post(
        &self,
        url: &Url,
        accept: &'static str,
        headers: HeaderMap,
        body: &Bytes,
    ) -> Result<Fetched, FetchError> {
        let mut all = request_headers(accept);
        all.extend(headers);
        let request = PostRequest {
            url,
            headers: &all,
            body,
            max_bytes: self.source.max_bytes,
        };
        let fetched = self.source.fetcher.post(request).await?;
        let fetched = self.source.checked(fetched)?;
        if matches!(fetched.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            // The endpoint may have moved, so the next request discovers it again.
            self.memory.lock().await.forget_place();
        }
        match fetched.status {
            StatusCode::OK => Ok(fetched),
            status => Err(unexpected(status, &fetched.headers)),
        }
    }
}
