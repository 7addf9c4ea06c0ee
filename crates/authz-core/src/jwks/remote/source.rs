use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED,
    },
};
use tokio::time::Instant;
use url::Url;

use super::{
    discovery::{self, Discovered, DiscoveryError, Sought},
    fetcher::{FetchRequest, Fetched, Fetcher},
    lifetime,
};
use crate::jwks::{
    address::{HttpHosts, redact},
    endpoints::IssuerEndpoints,
    error::{KeysError, KeysErrorKind},
    fetch_error::FetchError,
};

/// The location of the key set, or of another endpoint of the issuer, and how to send requests.
#[derive(Debug)]
pub(super) struct RemoteSource {
    pub(super) sought: Sought,
    pub(super) place: KeyLocation,
    pub(super) fetcher: Arc<dyn Fetcher>,
    pub(super) timeout: Duration,
    pub(super) max_bytes: usize,
    pub(super) http_hosts: HttpHosts,
}

pub(super) enum KeyLocation {
    At(Url),
    Discover {
        issuer: String,
        /// Possible addresses of the issuer's metadata, in the order to try.
        metadata: Vec<Url>,
    },
}

/// State that is kept from one fetch to the next.
#[derive(Clone, Default)]
pub(super) struct SourceState {
    /// The discovered address, and when it was discovered.
    found: Option<(Url, Instant)>,
    /// Those of the last discovery.
    endpoints: Option<Arc<IssuerEndpoints>>,
    validators: Option<Validators>,
}

/// `If-None-Match` and `If-Modified-Since`, valid only for the URL whose response set them.
#[derive(Clone)]
struct Validators {
    url: Url,
    headers: HeaderMap,
}

/// A fetched key set, not parsed yet.
pub(super) enum FetchedDocument {
    New {
        fetched: Fetched,
        url: Url,
    },
    /// 304: the current key set is still valid.
    NotModified(HeaderMap),
}

impl RemoteSource {
    /// Discovery is repeated after this time, in case a moved key set is still served at its old
    /// address.
    const REDISCOVER_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

    /// Makes one attempt. The caller enforces the time limit.
    pub(super) async fn attempt(
        &self,
        memory: &mut SourceState,
    ) -> Result<FetchedDocument, KeysError> {
        let (issuer, metadata) = match &self.place {
            KeyLocation::At(url) => return self.key_set_at(url, memory).await,
            KeyLocation::Discover { issuer, metadata } => (issuer, metadata),
        };
        let known = (memory.found.clone()).filter(|(_, at)| at.elapsed() < Self::REDISCOVER_AFTER);
        if let Some((url, _)) = known {
            match self.key_set_at(&url, memory).await {
                // The key set has moved, so discover its new address.
                Err(error) if is_gone(&error) => memory.forget_place(),
                answer => return answer,
            }
        }
        let discovered = self.discover(issuer, metadata).await?;
        let url = discovered.address;
        memory.found = Some((url.clone(), Instant::now()));
        memory.endpoints = discovered.endpoints.map(Arc::new);
        self.key_set_at(&url, memory).await
    }

    /// Returns the address that is looked for, from memory or by discovery.
    pub(super) async fn locate(&self, memory: &mut SourceState) -> Result<Url, KeysError> {
        let (issuer, metadata) = match &self.place {
            KeyLocation::At(url) => return Ok(url.clone()),
            KeyLocation::Discover { issuer, metadata } => (issuer, metadata),
        };
        if let Some((url, at)) = &memory.found
            && at.elapsed() < Self::REDISCOVER_AFTER
        {
            return Ok(url.clone());
        }
        let url = self.discover(issuer, metadata).await?.address;
        memory.found = Some((url.clone(), Instant::now()));
        Ok(url)
    }

    async fn key_set_at(
        &self,
        url: &Url,
        memory: &SourceState,
    ) -> Result<FetchedDocument, KeysError> {
        let failed = |error| KeysError::fetch(&redact(url.as_str()), error);
        let validators = memory.validators.as_ref().filter(|it| it.url == *url);
        let mut headers = request_headers("application/jwk-set+json, application/json");
        if let Some(validators) = validators {
            headers.extend(validators.headers.clone());
        }
        let fetched = self.get(url, &headers).await.map_err(failed)?;
        match fetched.status {
            StatusCode::OK => Ok(FetchedDocument::New {
                fetched,
                url: url.clone(),
            }),
            StatusCode::NOT_MODIFIED if validators.is_some() => {
                Ok(FetchedDocument::NotModified(fetched.headers))
            }
            status => Err(failed(unexpected(status, &fetched.headers))),
        }
    }

    /// Returns what the first address that has the issuer's metadata names.
    async fn discover(&self, issuer: &str, places: &[Url]) -> Result<Discovered, KeysError> {
        let mut tried = Vec::new();
        let mut told: Option<DiscoveryError> = None;
        for url in places {
            let error = match self.metadata_at(url, issuer).await {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            tried.push(redact(url.as_str()));
            let ends_the_round = error.ends_the_round();
            // The first error is the most useful one, unless it is only 404.
            if ends_the_round || told.as_ref().is_none_or(DiscoveryError::is_not_found) {
                told = Some(match told {
                    Some(first) if error.is_not_found() => first,
                    _ => error,
                });
            }
            if ends_the_round {
                break;
            }
        }
        let error = told.unwrap_or(DiscoveryError::NoPlace);
        Err(error.into_keys_error(self.sought, issuer, &tried))
    }

    async fn metadata_at(&self, url: &Url, issuer: &str) -> Result<Discovered, DiscoveryError> {
        let failed = |error| DiscoveryError::Fetch {
            url: redact(url.as_str()),
            error,
        };
        let headers = request_headers("application/json");
        let fetched = self.get(url, &headers).await.map_err(failed)?;
        if fetched.status != StatusCode::OK {
            return Err(failed(unexpected(fetched.status, &fetched.headers)));
        }
        discovery::read(self.sought, url, issuer, &fetched.body, &self.http_hosts)
    }

    async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Fetched, FetchError> {
        let request = FetchRequest {
            url,
            headers,
            max_bytes: self.max_bytes,
        };
        self.checked(self.fetcher.get(request).await?)
    }

    /// Checks what the fetcher may not have checked.
    pub(super) fn checked(&self, mut fetched: Fetched) -> Result<Fetched, FetchError> {
        if let Some(coding) = fetched.headers.get(CONTENT_ENCODING)
            && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
            && !coding.is_empty()
        {
            let coding = String::from_utf8_lossy(coding.as_bytes());
            return Err(FetchError::content_coding(&coding));
        }
        // The fetcher may not enforce the limit.
        if fetched.body.len() > self.max_bytes {
            return Err(FetchError::too_large(self.max_bytes));
        }
        // A byte order mark may be ignored (RFC 8259 section 8.1).
        if fetched.body.starts_with(b"\xef\xbb\xbf") {
            fetched.body = fetched.body.slice(3..);
        }
        Ok(fetched)
    }

    pub(super) fn describe(&self, memory: &SourceState) -> String {
        match (&self.place, &memory.found) {
            (KeyLocation::At(url), _) | (_, Some((url, _))) => redact(url.as_str()),
            (KeyLocation::Discover { issuer, .. }, None) => {
                format!("(to be discovered from {})", redact(issuer))
            }
        }
    }
}

impl SourceState {
    /// Forgets the discovered address, because the keys may have moved.
    pub(super) fn forget_place(&mut self) {
        self.found = None;
    }

    pub(super) fn endpoints(&self) -> Option<Arc<IssuerEndpoints>> {
        self.endpoints.clone()
    }

    /// Remembers the validators of a usable set. A rejected set must be sent again in full.
    pub(super) fn remember_validators(&mut self, url: &Url, from: &HeaderMap) {
        let mut headers = HeaderMap::new();
        for (from_name, to_name) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(value) = from.get(from_name) {
                headers.insert(to_name, value.clone());
            }
        }
        self.validators = (!headers.is_empty()).then(|| Validators {
            url: url.clone(),
            headers,
        });
    }
}

/// Requests no content coding, so that one size limit suffices.
pub(super) fn request_headers(accept: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static(accept)),
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ])
}

/// Returns `true` if the key set no longer exists at its address.
fn is_gone(error: &KeysError) -> bool {
    error.kind() == KeysErrorKind::Fetch
        && matches!(
            error.status(),
            Some(StatusCode::NOT_FOUND | StatusCode::GONE)
        )
}

pub(super) fn unexpected(status: StatusCode, headers: &HeaderMap) -> FetchError {
    if status.is_redirection() {
        return FetchError::redirect(format_args!("the client does not follow status {status}"));
    }
    FetchError::status_of(status, lifetime::retry_after(headers))
}

impl std::fmt::Debug for KeyLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(url) => f.debug_tuple("At").field(&redact(url.as_str())).finish(),
            Self::Discover { issuer, .. } => {
                f.debug_tuple("Discover").field(&redact(issuer)).finish()
            }
        }
    }
}

impl std::fmt::Debug for SourceState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceState").finish_non_exhaustive()
    }
}
