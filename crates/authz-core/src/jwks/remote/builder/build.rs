use std::{sync::Arc, time::Duration};

use url::Url;

use super::{Certificates, KeysAt, RemoteJwksBuilder};
#[cfg(feature = "reqwest")]
use crate::jwks::{address::is_loopback, remote::reqwest_fetcher::ReqwestFetcher};
use crate::{
    jwks::{
        address::{Address, HttpHosts, redact},
        remote::{
            RemoteJwks,
            builder_error::{RemoteJwksError, RemoteJwksErrorKind},
            discovery::{self, Sought},
            endpoint::RemoteEndpoint,
            fetcher::Fetcher,
            keys::RemoteKeys,
            schedule::Backoff,
            settings::FetchSettings,
            source::{KeyLocation, RemoteSource},
        },
    },
    untrusted::Excerpt,
};

const CERTIFICATES_WITH_FETCHER: &str =
    "`ca_file` and `ca_pem` apply only to the default client: configure your own client instead";

impl RemoteJwksBuilder {
    /// Checks the settings, and starts the first fetch if a tokio runtime is running. Otherwise the
    /// first request starts it.
    ///
    /// # Errors
    ///
    /// Returns an error if an address is not a URL or does not use https (except for loopback), or
    /// if a setting is invalid.
    pub fn build(self) -> Result<RemoteJwks, RemoteJwksError> {
        let keys = self.build_idle()?;
        keys.ensure_background();
        Ok(keys)
    }

    /// Like [`build`](Self::build), but does not start a fetch.
    pub(crate) fn build_idle(mut self) -> Result<RemoteJwks, RemoteJwksError> {
        self.check()?;
        if self.fetcher.is_some() && !self.certificates.is_empty() {
            return Err(RemoteJwksError::setting(CERTIFICATES_WITH_FETCHER));
        }
        let place = self.place()?;
        let fetcher = match self.fetcher.take() {
            Some(fetcher) => fetcher,
            None => self.default_fetcher(&place, false)?,
        };
        Ok(self.with_source(place, fetcher, false))
    }

    /// Builds the introspection endpoint of the issuer, at `address` or found by discovery.
    pub(crate) fn build_introspection(
        self,
        address: Option<&Address>,
    ) -> Result<RemoteEndpoint, RemoteJwksError> {
        /// An answer is smaller than a key set.
        const MAX_BYTES: usize = 64 * 1024;
        self.check()?;
        let sought = Sought::Introspection;
        let place = match address {
            Some(url) => KeyLocation::At(allowed(&self.http_hosts, sought.address(), url)?),
            None => self.place()?,
        };
        self.build_endpoint(sought, place, MAX_BYTES)
    }

    /// Builds the endpoint of a stream of security events, and returns it with its address.
    #[cfg(feature = "ssf")]
    pub(crate) fn build_poll(
        self,
        url: &Address,
    ) -> Result<(RemoteEndpoint, Url), RemoteJwksError> {
        self.check()?;
        let url = allowed(&self.http_hosts, "the poll endpoint", url)?;
        // The address is given, so nothing is discovered.
        let place = KeyLocation::At(url.clone());
        let endpoint = self.build_endpoint(Sought::KeySet, place, usize::MAX)?;
        Ok((endpoint, url))
    }

    fn build_endpoint(
        mut self,
        sought: Sought,
        place: KeyLocation,
        max_bytes: usize,
    ) -> Result<RemoteEndpoint, RemoteJwksError> {
        if self.fetcher.is_some() && !self.certificates.is_empty() {
            return Err(RemoteJwksError::setting(CERTIFICATES_WITH_FETCHER));
        }
        let fetcher = match self.fetcher.take() {
            Some(fetcher) => fetcher,
            None => self.default_fetcher(&place, true)?,
        };
        Ok(RemoteEndpoint::new(RemoteSource {
            sought,
            place,
            fetcher,
            timeout: self.timeout,
            max_bytes: self.max_bytes.min(max_bytes),
            http_hosts: self.http_hosts,
        }))
    }

    /// Builds a provider of the single key at `url`, where an empty set means that the key does not
    /// exist. Settings and client come from [`checked_client`](Self::checked_client). It does not
    /// fetch, log or spawn.
    pub(crate) fn build_single(&self, url: Url, fetcher: Arc<dyn Fetcher>) -> RemoteJwks {
        self.clone()
            .with_source(KeyLocation::At(url), fetcher, true)
    }

    /// Checks the settings and creates the HTTP client. Returns them with the key set address.
    pub(crate) fn checked_client(self) -> Result<(Url, Arc<dyn Fetcher>, Self), RemoteJwksError> {
        let builder = self.with_shared_client()?;
        builder.check()?;
        if !builder.certificates.is_empty() {
            return Err(RemoteJwksError::setting(CERTIFICATES_WITH_FETCHER));
        }
        match (builder.place()?, &builder.fetcher) {
            (KeyLocation::At(url), Some(fetcher)) => Ok((url, Arc::clone(fetcher), builder)),
            _ => Err(RemoteJwksError::no_fetcher()),
        }
    }

    fn with_source(
        self,
        place: KeyLocation,
        fetcher: Arc<dyn Fetcher>,
        may_be_empty: bool,
    ) -> RemoteJwks {
        let second = Duration::from_secs(1);
        RemoteJwks::new(RemoteKeys::new(FetchSettings {
            source: RemoteSource {
                sought: Sought::KeySet,
                place,
                fetcher,
                timeout: self.timeout,
                max_bytes: self.max_bytes,
                http_hosts: self.http_hosts,
            },
            backend: self.backend,
            metrics: self.metrics,
            max_keys: self.max_keys,
            may_be_empty,
            default_lifetime: self.default_lifetime,
            lifetime_bounds: self.lifetime_bounds,
            outage_window: self.outage_window,
            unknown_kid_burst: self.unknown_kid_burst,
            unknown_kid_interval: self.unknown_kid_interval,
            backoff: Backoff {
                first: self.first_retry,
                max: self.first_retry.max(60 * second),
                max_without_keys: self.first_retry.max(12 * second),
            },
            mode: self.mode,
        }))
    }

    fn place(&self) -> Result<KeyLocation, RemoteJwksError> {
        let allowed = |what, url: &Address| allowed(&self.http_hosts, what, url);
        Ok(match (&self.keys_at, &self.metadata_at) {
            (KeysAt::Uri(uri), None) => KeyLocation::At(allowed("key set address", uri)?),
            (KeysAt::Uri(_), Some(_)) => {
                return Err(RemoteJwksError::setting(
                    "the key set address is set, so `metadata_url` would not be used",
                ));
            }
            (KeysAt::Discovered(issuer), Some(url)) => KeyLocation::Discover {
                issuer: issuer.0.clone(),
                metadata: vec![allowed("metadata address", url)?],
            },
            (KeysAt::Discovered(issuer), None) => KeyLocation::Discover {
                metadata: discovery::metadata_urls(&allowed("issuer", issuer)?),
                issuer: issuer.0.clone(),
            },
        })
    }

    fn check(&self) -> Result<(), RemoteJwksError> {
        const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        for (setting, value, may_be_zero) in [
            ("timeout", self.timeout, false),
            ("connect_timeout", self.connect_timeout, false),
            ("default_lifetime", self.default_lifetime, true),
            ("lifetime_bounds", *self.lifetime_bounds.start(), false),
            ("lifetime_bounds", *self.lifetime_bounds.end(), false),
            ("outage_window", self.outage_window, true),
            ("unknown_kid_fetches", self.unknown_kid_interval, false),
            ("first_retry", self.first_retry, false),
        ] {
            if value > LONGEST || (value.is_zero() && !may_be_zero) {
                return Err(RemoteJwksError::setting(format!(
                    "{setting} is {value:?}: use more than zero and at most 100 years"
                )));
            }
        }
        for (fine, error) in [
            (self.max_bytes > 0, "max_bytes is zero"),
            (self.max_keys > 0, "max_keys is zero"),
            (
                !self.lifetime_bounds.is_empty(),
                "lifetime_bounds is empty: the lower bound must not exceed the upper bound",
            ),
            (
                self.unknown_kid_burst > 0,
                "the budget of unknown_kid_fetches is zero, so a rotated key would not be found",
            ),
        ] {
            if !fine {
                return Err(RemoteJwksError::setting(error));
            }
        }
        match self.http_hosts.invalid() {
            Some(host) => Err(RemoteJwksError::setting(format!(
                "{} is not a host name: pass only the host, without scheme, port and path",
                Excerpt(host)
            ))),
            None => Ok(()),
        }
    }

    /// Creates the HTTP client now, so that everything built from these settings shares it.
    pub(crate) fn with_shared_client(mut self) -> Result<Self, RemoteJwksError> {
        if self.fetcher.is_none() {
            let mut example = self.clone();
            example.certificates.clear();
            let place = example.place()?;
            self.fetcher = Some(self.default_fetcher(&place, false)?);
            self.certificates.clear();
        }
        Ok(self)
    }

    #[cfg(feature = "reqwest")]
    fn default_fetcher(
        &self,
        place: &KeyLocation,
        posts: bool,
    ) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
        // Loopback addresses bypass a proxy from the environment.
        let direct = match place {
            KeyLocation::At(url) => is_loopback(url),
            KeyLocation::Discover { metadata, .. } => metadata.iter().all(is_loopback),
        };
        let certificates = self.read_certificates()?;
        ReqwestFetcher::new(self.connect_timeout, direct, &certificates, posts)
            .map(|fetcher| Arc::new(fetcher) as Arc<dyn Fetcher>)
    }

    #[cfg(not(feature = "reqwest"))]
    fn default_fetcher(
        &self,
        _: &KeyLocation,
        _: bool,
    ) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
        self.read_certificates()?;
        Err(RemoteJwksError::no_fetcher())
    }

    fn read_certificates(&self) -> Result<Vec<Vec<u8>>, RemoteJwksError> {
        let read = |certificates: &Certificates| match certificates {
            Certificates::Pem(pem) => Ok(pem.clone()),
            Certificates::File(path) => std::fs::read(path).map_err(|error| {
                let path = path.display();
                RemoteJwksError::new(
                    RemoteJwksErrorKind::Certificates,
                    format!("the file of certificate authorities {path} can't be read: {error}"),
                )
            }),
        };
        self.certificates.iter().map(read).collect()
    }
}

fn allowed(hosts: &HttpHosts, what: &'static str, url: &Address) -> Result<Url, RemoteJwksError> {
    let shown = redact(&url.0);
    let shown = Excerpt(&shown);
    let parsed = Url::parse(&url.0).map_err(|error| {
        RemoteJwksError::new(
            RemoteJwksErrorKind::InvalidUrl,
            format!("{what} {shown} is not a URL: {error}"),
        )
    })?;
    if !hosts.allow(&parsed) {
        return Err(RemoteJwksError::new(
            RemoteJwksErrorKind::InsecureUrl,
            format!(
                "{what} {shown} does not use https: plain http is accepted only for loopback and for hosts in `RemoteJwksBuilder::dangerous_allow_http`"
            ),
        ));
    }
    if hosts.contains(&parsed) && parsed.scheme() == "http" {
        tracing::warn!(
            target: "authz::keys", url = redact(&url.0),
            "keys are fetched by plain http: anyone on the network path can replace them"
        );
    }
    Ok(parsed)
}
