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

/// Builds a [`RemoteJwks`]. Every setting has a default that fits production.
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

/// Certificate authorities trusted besides the system's.
#[derive(Clone, Debug)]
enum Certificates {
    File(PathBuf),
    Pem(Vec<u8>),
}

const CERTIFICATES_WITH_FETCHER: &str =
    "`ca_file` and `ca_pem` are for the default client: give them to your own client instead";

impl RemoteJwks {
    /// Keys at `uri`.
    pub fn at(uri: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(KeysAt::Uri(Address(uri.into())))
    }

    /// Keys found through the issuer's metadata: OpenID Connect Discovery 1.0, else RFC 8414.
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

    /// The HTTP client: a [`ReqwestFetcher`](super::ReqwestFetcher) made from a client of your own, or
    /// anything that implements [`Fetcher`]. Default: reqwest, with redirects within one origin only.
    pub fn fetcher(mut self, fetcher: impl Fetcher) -> Self {
        self.fetcher = Some(Arc::new(fetcher));
        self
    }

    /// Where the issuer's metadata are, in place of the addresses that are made from the issuer: for
    /// networks in which the issuer has another address inside than outside. The document must name
    /// the configured issuer all the same (RFC 8414 section 3.3), and the issuer itself is then only
    /// compared: it may be any text.
    pub fn metadata_url(mut self, url: impl Into<String>) -> Self {
        self.metadata_at = Some(Address(url.into()));
        self
    }

    /// Hosts that keys and metadata may be fetched from by plain http, such as `keycloak` for
    /// `http://keycloak:8080`. A warning is logged for each.
    ///
    /// **Dangerous:** everybody on the way to these hosts can put in keys of their own and then make
    /// any token. Only for networks that nobody else can reach, as between containers of one pod.
    pub fn dangerous_allow_http<H: Into<String>>(
        mut self,
        hosts: impl IntoIterator<Item = H>,
    ) -> Self {
        for host in hosts {
            self.http_hosts.add(host.into());
        }
        self
    }

    /// A PEM file of certificate authorities that are trusted for the issuer, besides the system's.
    /// Read by [`build`](Self::build). For the default client; another has its own.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.certificates.push(Certificates::File(path.into()));
        self
    }

    /// As [`ca_file`](Self::ca_file), with the text itself.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(Certificates::Pem(pem.into()));
        self
    }

    /// Time for one attempt as a whole, discovery included. Default: 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Time for a connection to be made, with the default client. Default: 3 s.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Bytes of an answer at most. Default: 512 KiB.
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Keys in a set at most: a larger set is rejected as a whole. Default: as many as fit into
    /// [`max_bytes`](Self::max_bytes).
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// The implementation that checks signatures.
    pub(crate) const fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = backend;
        self
    }

    /// How long keys are fresh when the server's `Cache-Control` and `Expires` say nothing.
    /// Default: 10 minutes.
    pub const fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = lifetime;
        self
    }

    /// The bounds of what the server may say about the keys' lifetime, which is also the bound
    /// within which a withdrawn key is refused. Default: 1 minute to 24 hours.
    pub const fn lifetime_bounds(mut self, bounds: RangeInclusive<Duration>) -> Self {
        self.lifetime_bounds = bounds;
        self
    }

    /// How long after their lifetime keys go on being used while the issuer can't be reached.
    /// Default: 24 hours.
    pub const fn outage_window(mut self, window: Duration) -> Self {
        self.outage_window = window;
        self
    }

    /// Fetches that tokens with an unknown `kid` may cause: `burst` at once, then one per
    /// `interval`. `interval` is also the bound within which a rotated key is accepted while
    /// strangers send unknown `kid`s. The same `kid` is looked for again after 1 to 2 s, then less and
    /// less often, up to once per `interval`. Default: 5, one per 12 s (5 per minute).
    pub const fn unknown_kid_fetches(mut self, burst: u32, interval: Duration) -> Self {
        self.unknown_kid_burst = burst;
        self.unknown_kid_interval = interval;
        self
    }

    /// The wait after the first failed fetch; doubled each time, to 60 s while there are keys and
    /// 12 s while there are none. Default: 500 ms.
    pub const fn first_retry(mut self, wait: Duration) -> Self {
        self.first_retry = wait;
        self
    }

    /// Who starts a routine refresh. Default: [`RefreshMode::Background`].
    pub const fn refresh_mode(mut self, mode: RefreshMode) -> Self {
        self.mode = mode;
        self
    }

    /// Checks the settings, and starts the first fetch where a tokio runtime is running; elsewhere
    /// the first request starts it.
    ///
    /// # Errors
    ///
    /// When the address is no URL or not https (loopback excepted), or a setting can't work.
    pub fn build(self) -> Result<RemoteJwks, RemoteJwksError> {
        let keys = self.build_idle()?;
        keys.ensure_background();
        Ok(keys)
    }

    /// As [`build`](Self::build), without a first fetch.
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

    /// What provides the key at `url` alone, where a set without keys says that there is none. Settings
    /// and client are those of a builder that [`checked_client`](Self::checked_client) was called on.
    /// Nothing is fetched, logged or spawned.
    pub(crate) fn build_single(&self, url: Url, fetcher: Arc<dyn Fetcher>) -> RemoteJwks {
        self.clone().with_source(Place::At(url), fetcher, true)
    }

    /// These settings, checked and with the HTTP client made now, and the address that they name.
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
                    "the key set address is given: `metadata_url` would never be used",
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
                    "{setting} is {value:?}: it must be more than zero and at most 100 years"
                )));
            }
        }
        for (fine, error) in [
            (self.max_bytes > 0, "the limit of bytes is zero"),
            (self.max_keys > 0, "the limit of keys is zero"),
            (
                !self.lifetime_bounds.is_empty(),
                "the lifetime bounds are empty: the first must not be longer than the second",
            ),
            (
                self.unknown_kid_burst > 0,
                "the budget for unknown kids is zero: a rotated key would not be found",
            ),
        ] {
            if !fine {
                return Err(RemoteJwksError::setting(error));
            }
        }
        match self.http_hosts.invalid() {
            Some(host) => Err(RemoteJwksError::setting(format!(
                "{} is not a host name: give the host alone, without scheme, port and path",
                Excerpt(host)
            ))),
            None => Ok(()),
        }
    }

    /// These settings, with the HTTP client made now: whatever is built from them shares it.
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

    /// Whether the address of keys or metadata is given, and not found from the issuer.
    pub(crate) const fn has_fixed_address(&self) -> bool {
        matches!(self.keys_at, KeysAt::Uri(_)) || self.metadata_at.is_some()
    }

    /// These settings for the keys of another issuer.
    pub(crate) fn for_issuer(&self, issuer: String) -> Self {
        let mut builder = self.clone();
        builder.keys_at = KeysAt::Discovered(Address(issuer));
        builder
    }

    #[cfg(feature = "reqwest")]
    fn default_fetcher(&self, place: &Place) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
        // A proxy from the environment has no business with this machine's own addresses.
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
                "{what} {shown} does not use https: plain http is accepted for loopback hosts, and for hosts named with `RemoteJwksBuilder::dangerous_allow_http`"
            ),
        ));
    }
    if hosts.contains(&parsed) && parsed.scheme() == "http" {
        tracing::warn!(
            target: "authz::keys", url = redact(&url.0),
            "keys come by plain http: everybody on the way can put in keys of their own"
        );
    }
    Ok(parsed)
}
