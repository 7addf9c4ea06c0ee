use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};
use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    DiscoveryError, FetchError, FetchRequest, Fetched, Fetcher, KeysError, discovery, lifetime,
};

/// Where the key set is, and how it is asked for.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: Place,
    pub(super) fetcher: Arc<dyn Fetcher>,
    pub(super) timeout: Duration,
    pub(super) max_bytes: usize,
}

#[derive(Debug)]
pub(super) enum Place {
    At(Url),
    Discover { issuer: String, url: Url },
}

/// What is kept from one fetch for the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// Where discovery led, and when.
    found: Option<(Url, Instant)>,
    /// `If-None-Match`, `If-Modified-Since`.
    validators: HeaderMap,
}

/// A fetched key set, not read yet.
pub(super) enum Document {
    New {
        fetched: Fetched,
        url: Url,
    },
    /// 304: the set held already is still the issuer's.
    NotModified(HeaderMap),
}

impl Source {
    /// A moved key set is found again after this time even if the old address goes on answering.
    const REDISCOVER_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

    /// One attempt, within the time limit as a whole.
    pub(super) async fn fetch(&self, memory: &mut Memory) -> Result<Document, KeysError> {
        let limit = self.timeout;
        let place = self.describe(memory);
        match timeout(limit, self.attempt(memory)).await {
            Ok(result) => result,
            Err(_) => Err(KeysError::Fetch {
                url: place,
                source: FetchError::Timeout { limit },
            }),
        }
    }

    async fn attempt(&self, memory: &mut Memory) -> Result<Document, KeysError> {
        let url = match &self.place {
            Place::At(url) => url.clone(),
            Place::Discover { issuer, url } => match &memory.found {
                Some((found, at)) if at.elapsed() < Self::REDISCOVER_AFTER => found.clone(),
                _ => {
                    let found = self.discover(issuer, url).await.map_err(|source| {
                        KeysError::Discovery {
                            issuer: issuer.clone(),
                            source,
                        }
                    })?;
                    memory.found = Some((found.clone(), Instant::now()));
                    found
                }
            },
        };
        let failed = |source| KeysError::Fetch {
            url: url.to_string(),
            source,
        };
        let mut headers = accept("application/jwk-set+json, application/json");
        headers.extend(memory.validators.clone());
        let conditional = !memory.validators.is_empty();
        let fetched = self.get(&url, &headers).await.map_err(failed)?;
        match fetched.status {
            StatusCode::OK => Ok(Document::New { fetched, url }),
            StatusCode::NOT_MODIFIED if conditional => Ok(Document::NotModified(fetched.headers)),
            status => Err(failed(unexpected(status, &fetched.headers))),
        }
    }

    async fn discover(&self, issuer: &str, url: &Url) -> Result<Url, DiscoveryError> {
        let mut last = None;
        for url in discovery::metadata_urls(url) {
            let fetched = match self.get(&url, &accept("application/json")).await {
                Ok(fetched) if fetched.status == StatusCode::OK => fetched,
                answer => {
                    let source = match answer {
                        Ok(fetched) => unexpected(fetched.status, &fetched.headers),
                        Err(error) => error,
                    };
                    let url = url.to_string();
                    last = Some(DiscoveryError::Fetch { url, source });
                    continue;
                }
            };
            match discovery::jwks_uri(&url, issuer, &fetched.body) {
                // A web server that answers everything with a page has not the metadata here.
                Err(error @ DiscoveryError::Malformed { .. }) => last = Some(error),
                decided => return decided,
            }
        }
        Err(last.expect("there is at least one metadata address"))
    }

    async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Fetched, FetchError> {
        self.fetcher
            .get(FetchRequest {
                url,
                headers,
                max_bytes: self.max_bytes,
            })
            .await
    }

    pub(super) fn describe(&self, memory: &Memory) -> String {
        match (&self.place, &memory.found) {
            (Place::At(url), _) | (_, Some((url, _))) => url.to_string(),
            (Place::Discover { issuer, .. }, None) => format!("(to be discovered from {issuer})"),
        }
    }
}

impl Memory {
    /// After a failure the keys may have moved: the next attempt looks for them anew.
    pub(super) fn forget_place(&mut self) {
        self.found = None;
    }

    /// Called once the fetched set has proved usable: a set that was refused must come whole again.
    pub(super) fn remember_validators(&mut self, headers: &HeaderMap) {
        self.validators.clear();
        for (from, to) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(value) = headers.get(from) {
                self.validators.insert(to, value.clone());
            }
        }
    }
}

fn accept(types: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(types))])
}

fn unexpected(status: StatusCode, headers: &HeaderMap) -> FetchError {
    if status.is_redirection() {
        return FetchError::Redirect(format!("the client does not follow status {status}"));
    }
    FetchError::Status {
        status,
        retry_after: lifetime::retry_after(headers),
    }
}
