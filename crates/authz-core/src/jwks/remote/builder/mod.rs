mod build;

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use super::{RemoteJwks, fetcher::Fetcher, settings::RefreshMode};
use crate::{
    crypto::CryptoBackend,
    jwks::address::{Address, HttpHosts},
    metrics::IssuerMetrics,
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
    metrics: Option<IssuerMetrics>,
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
            metrics: None,
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
    /// it only for private networks, such as between containers of one pod.
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

    /// Sets where fetches are counted.
    pub(crate) fn metrics(mut self, metrics: IssuerMetrics) -> Self {
        self.metrics = Some(metrics);
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
}
