use std::{sync::Arc, time::Duration};

use url::{Origin, Url};

use super::{cache::StatusListCache, fetch::ListSource, settings::StatusLists};
use crate::{
    issuer::BuildError,
    jwks::{Fetcher, is_loopback},
};

impl StatusLists {
    pub(crate) fn build(mut self) -> Result<StatusListCache, BuildError> {
        let origin = self.origin()?;
        let fetcher = match self.fetcher.take() {
            Some(fetcher) => fetcher,
            None => default_fetcher(self.timeout)?,
        };
        let source = ListSource {
            signer: self.signer.take(),
            fetcher,
            timeout: self.timeout,
            max_list_bytes: self.max_list_bytes.min(self.max_bytes / 2),
        };
        Ok(StatusListCache::new(&self, origin, source))
    }

    fn origin(&self) -> Result<Origin, BuildError> {
        let origin = Url::parse(&self.origin).ok().filter(|url| {
            let is_allowed = match url.scheme() {
                "https" => url.has_host(),
                "http" => is_loopback(url),
                _ => false,
            };
            let has_user = !url.username().is_empty() || url.password().is_some();
            let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
            is_allowed && !has_user && !has_more
        });
        origin.map(|url| url.origin()).ok_or_else(|| {
            BuildError::setting(
                "the origin of status lists is not an https origin: write it as `https://login.example`",
            )
        })
    }
}

#[cfg(feature = "reqwest")]
fn default_fetcher(timeout: Duration) -> Result<Arc<dyn Fetcher>, BuildError> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("authz/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| {
            let message = format!("the HTTP client for status lists could not be created: {error}");
            BuildError::setting(message)
        })?;
    Ok(Arc::new(crate::jwks::ReqwestFetcher::from(client)))
}

#[cfg(not(feature = "reqwest"))]
fn default_fetcher(_: Duration) -> Result<Arc<dyn Fetcher>, BuildError> {
    Err(BuildError::setting(
        "no HTTP client for status lists: add `.fetcher(..)`, or enable the feature `reqwest`",
    ))
}
