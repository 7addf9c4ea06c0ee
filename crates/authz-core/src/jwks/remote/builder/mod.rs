use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use url::Url;

#[cfg(feature = "reqwest")]
use super::reqwest_fetcher::ReqwestFetcher;
use super::{
    RemoteJwks,
    builder_error::{RemoteJwksError, RemoteJwksErrorKind},
    discovery,
    fetcher::Fetcher,
    keys::RemoteKeys,
    schedule::Backoff,
    settings::{RefreshMode, Settings},
    source::{Place, Source},
};
#[cfg(feature = "reqwest")]
use crate::jwks::address::is_loopback;
use crate::{
    crypto::CryptoBackend,
    jwks::address::{Address, HttpHosts, redact},
    untrusted::Excerpt,
};

/// Builds a [`RemoteJwks`]. Every setting has a default for production.
#[derive(Clone, Debug)]
#[must_use]
pub struct RemoteJwksBuilder {
    keys_at: KeysAt,
    metadata_at: Option<Address>,
    http_hosts: HttpHosts,
    certificates: Vec<Certificates>,
    fetcher: Option<Arc<dyn Fetcher>>,
    timeout: Duration,
    connect_timeout: Duration,
    max_bytes: usize,
    max_keys: usize,
    backend: CryptoBackend,
    default_lifetime: Duration,
    lifetime_bounds: RangeInclusive<Duration>,
    outage_window: Duration,
    unknown_kid_burst: u32,
    unknown_kid_interval: Duration,
    first_retry: Duration,
    mode: RefreshMode,
}

#[derive(Clone, Debug)]
enum KeysAt {
    Uri(Address),
    Discovered(Address),
}

/// Certificate authorities that are trusted in addition to the system's.
#[derive(Clone, Debug)]
enum Certificates {
    File(PathBuf),
    Pem(Vec<u8>),
}

const CERTIFICATES_WITH_FETCHER: &str =
    "`ca_file` and `ca_pem` apply only to the default client: configure your own client instead";

impl RemoteJwks {
    /// Fetches the key set at `uri`.
    pub fn at(uri: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(KeysAt::Uri(Address(uri.into())))
    }

    /// Finds the key set through the issuer's metadata (OpenID Connect Discovery 1.0, or RFC 8414).
    pub fn discover(issuer: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(KeysAt::Discovered(Address(issuer.into())))
    }
}

impl RemoteJwksBuilder {
    fn new(keys_at: KeysAt) -> Self {
        Self {
            keys_at,
            metadata_at: None,
            http_hosts: HttpHosts::default(),
            certificates: Vec::new(),
            fetcher: None,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(3),
            max_bytes: 512 * 1024,
            max_keys: usize::MAX,
            backend: CryptoBackend::fastest(),
            default_lifetime: Duration::from_secs(10 * 60),
            lifetime_bounds: Duration::from_secs(60)..=Duration::from_secs(24 * 60 * 60),
            outage_window: Duration::from_secs(24 * 60 * 60),
            unknown_kid_burst: 5,
            unknown_kid_interval: Duration::from_secs(12),
            first_retry: Duration::from_millis(500),
            mode: RefreshMode::Background,
        }
    }

    /// Sets the HTTP client: a [`ReqwestFetcher`](super::ReqwestFetcher) from your own
    /// `reqwest::Client`, or your own [`Fetcher`]. Default: reqwest, with redirects only within one
    /// origin.
    pub fn fetcher(mut self, fetcher: impl Fetcher) -> Self {
        self.fetcher = Some(Arc::new(fetcher));
        self
    }

    /// Sets the address of the issuer's metadata. Use it if the issuer has another address inside
    /// your network than outside.
    ///
    /// The document must still name the configured issuer (RFC 8414 section 3.3). The issuer itself
    /// is then only compared and may be any string.
    pub fn metadata_url(mut self, url: impl Into<String>) -> Self {
        self.metadata_at = Some(Address(url.into()));
        self
    }

    /// Allows plain http for these hosts, such as `keycloak` for `http://keycloak:8080`. A warning
    /// is logged for each.
    ///
    /// **Dangerous:** anyone on the network path can replace the keys and then forge any token. Use
    /// it only for networks that nobody else can reach, such as between containers of one pod.
    pub fn dangerous_allow_http<H: Into<String>>(
        mut self,
        hosts: impl IntoIterator<Item = H>,
    ) -> Self {
        for host in hosts {
            self.http_hosts.add(host.into());
        }
        self
    }

    /// Adds a PEM file of certificate authorities, in addition to the system's.
    /// [`build`](Self::build) reads it. It applies only to the default client.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificates.push(Certificates::File(path.into()));
        self
    }

    /// Like [`ca_file`](Self::ca_file), but takes the PEM text.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(Certificates::Pem(pem.into()));
        self
    }

    /// Sets the time limit of a whole attempt, including discovery. Default: 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time limit of a connection attempt of the default client. Default: 3 s.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the maximum size of a response body in bytes. Default: 512 KiB.
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the maximum number of keys in a set. A larger set is rejected as a whole. Default: as
    /// many as fit into [`max_bytes`](Self::max_bytes).
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// Sets the backend that verifies signatures.
    pub(crate) const fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = backend;
        self
    }

    /// Sets how long keys are fresh if the response does not have `Cache-Control` or `Expires`.
    /// Default: 10 minutes.
    pub const fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = lifetime;
        self
    }

    /// Limits the lifetime that the server may set. The upper bound is also the longest time until
    /// a withdrawn key is rejected. Default: 1 minute to 24 hours.
    pub const fn lifetime_bounds(mut self, bounds: RangeInclusive<Duration>) -> Self {
        self.lifetime_bounds = bounds;
        self
    }

    /// Sets how long keys are used after their lifetime while the issuer is unreachable. Default:
    /// 24 hours.
    pub const fn outage_window(mut self, window: Duration) -> Self {
        self.outage_window = window;
        self
    }

    /// Sets the budget of fetches for tokens with an unknown `kid`: `burst` at once, then one per
    /// `interval`. Default: 5, then one per 12 s.
    ///
    /// `interval` is also the longest time until a rotated key is accepted while attackers send
    /// unknown `kid`s. The same `kid` is searched again after 1 to 2 s, then with doubled waits up
    /// to `interval`.
    pub const fn unknown_kid_fetches(mut self, burst: u32, interval: Duration) -> Self {
        self.unknown_kid_burst = burst;
        self.unknown_kid_interval = interval;
        self
    }

    /// Sets the wait after the first failed fetch. It doubles with each failure, up to 60 s, or 12
    /// s without keys. Default: 500 ms.
    pub const fn first_retry(mut self, wait: Duration) -> Self {
        self.first_retry = wait;
        self
    }

    /// Sets who starts a routine refresh. Default: [`RefreshMode::Background`].
    pub const fn refresh_mode(mut self, mode: RefreshMode) -> Self {
        self.mode = mode;
        self
    }

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
            None => self.default_fetcher(&place)?,
        };
        Ok(self.with_source(place, fetcher, false))
    }

    /// Builds a provider of the single key at `url`, where an empty set means that the key does not
    /// exist. Settings and client come from [`checked_client`](Self::checked_client). It does not
    /// fetch, log or spawn.
    pub(crate) fn build_single(&self, url: Url, fetcher: Arc<dyn Fetcher>) -> RemoteJwks {
        self.clone().with_source(Place::At(url), fetcher, true)
    }

    /// Checks the settings and creates the HTTP client. Returns them with the key set address.
    pub(crate) fn checked_client(self) -> Result<(Url, Arc<dyn Fetcher>, Self), RemoteJwksError> {
        let builder = self.with_shared_client()?;
        builder.check()?;
        if !builder.certificates.is_empty() {
            return Err(RemoteJwksError::setting(CERTIFICATES_WITH_FETCHER));
        }
        match (builder.place()?, &builder.fetcher) {
            (Place::At(url), Some(fetcher)) => Ok((url, Arc::clone(fetcher), builder)),
            _ => Err(RemoteJwksError::no_fetcher()),
        }
    }

    fn with_source(
        self,
        place: Place,
        fetcher: Arc<dyn Fetcher>,
        may_be_empty: bool,
    ) -> RemoteJwks {
        let second = Duration::from_secs(1);
        RemoteJwks::new(RemoteKeys::new(Settings {
            source: Source {
                place,
                fetcher,
                timeout: self.timeout,
                max_bytes: self.max_bytes,
                http_hosts: self.http_hosts,
            },
            backend: self.backend,
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

    fn place(&self) -> Result<Place, RemoteJwksError> {
        let allowed = |what, url: &Address| allowed(&self.http_hosts, what, url);
        Ok(match (&self.keys_at, &self.metadata_at) {
            (KeysAt::Uri(uri), None) => Place::At(allowed("key set address", uri)?),
            (KeysAt::Uri(_), Some(_)) => {
                return Err(RemoteJwksError::setting(
                    "the key set address is set, so `metadata_url` would not be used",
                ));
            }
            (KeysAt::Discovered(issuer), Some(url)) => Place::Discover {
                issuer: issuer.0.clone(),
                metadata: vec![allowed("metadata address", url)?],
            },
            (KeysAt::Discovered(issuer), None) => Place::Discover {
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
            self.fetcher = Some(self.default_fetcher(&place)?);
            self.certificates.clear();
        }
        Ok(self)
    }

    /// Returns `true` if the address of keys or metadata is set and does not depend on the issuer.
    pub(crate) const fn has_fixed_address(&self) -> bool {
        matches!(self.keys_at, KeysAt::Uri(_)) || self.metadata_at.is_some()
    }

    /// Returns the same settings for another issuer.
    pub(crate) fn for_issuer(&self, issuer: String) -> Self {
        let mut builder = self.clone();
        builder.keys_at = KeysAt::Discovered(Address(issuer));
        builder
    }

    #[cfg(feature = "reqwest")]
    fn default_fetcher(&self, place: &Place) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
        // Loopback addresses bypass a proxy from the environment.
        let direct = match place {
            Place::At(url) => is_loopback(url),
            Place::Discover { metadata, .. } => metadata.iter().all(is_loopback),
        };
        let certificates = self.read_certificates()?;
        ReqwestFetcher::new(self.connect_timeout, direct, &certificates)
            .map(|fetcher| Arc::new(fetcher) as Arc<dyn Fetcher>)
    }

    #[cfg(not(feature = "reqwest"))]
    fn default_fetcher(&self, _: &Place) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
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
