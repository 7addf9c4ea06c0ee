use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use url::Url;

use super::{
    Fetcher, RemoteJwks, RemoteJwksError,
    discovery::{is_loopback, is_secure},
    flight::Shared,
    schedule::Backoff,
    source::{Place, Source},
};
use crate::{crypto::CryptoBackend, jwks::KeySet};

/// Builds a [`RemoteJwks`]. Every setting has a default that fits production.
#[derive(Debug)]
#[must_use]
pub struct RemoteJwksBuilder {
    place: Address,
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

/// Who starts a routine refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RefreshMode {
    /// A background task, ahead of the keys' expiry: no request waits for a routine refresh.
    #[default]
    Background,
    /// Requests: one that comes when a refresh is due starts it and is served from the keys at
    /// hand; one that comes after the keys' lifetime waits for it.
    OnRequest,
}

#[derive(Debug)]
enum Address {
    At(String),
    Discover(String),
}

/// The settings that a running provider needs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) source: Source,
    pub(super) backend: CryptoBackend,
    pub(super) max_keys: usize,
    pub(super) default_lifetime: Duration,
    pub(super) lifetime_bounds: RangeInclusive<Duration>,
    pub(super) outage_window: Duration,
    pub(super) unknown_kid_burst: u32,
    pub(super) unknown_kid_interval: Duration,
    pub(super) backoff: Backoff,
    pub(super) mode: RefreshMode,
}

impl RemoteJwksBuilder {
    pub(super) fn at(uri: String) -> Self {
        Self::new(Address::At(uri))
    }

    pub(super) fn discover(issuer: String) -> Self {
        Self::new(Address::Discover(issuer))
    }

    fn new(place: Address) -> Self {
        Self {
            place,
            fetcher: None,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(3),
            max_bytes: 512 * 1024,
            max_keys: KeySet::DEFAULT_MAX_KEYS,
            backend: CryptoBackend::default(),
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

    /// Keys in a set at most: a larger set is refused as a whole. Default: 100.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// Which implementation checks signatures.
    pub const fn crypto_backend(mut self, backend: CryptoBackend) -> Self {
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
    /// strangers send unknown `kid`s. Default: 5, one per 12 s (5 per minute).
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
        let place = match self.place {
            Address::At(uri) => Place::At(secure("key set address", &uri)?),
            Address::Discover(issuer) => Place::Discover {
                url: secure("issuer", &issuer)?,
                issuer,
            },
        };
        for (fine, error) in [
            (!self.timeout.is_zero(), "the timeout is zero"),
            (self.max_bytes > 0, "the limit of bytes is zero"),
            (self.max_keys > 0, "the limit of keys is zero"),
            (
                !self.lifetime_bounds.is_empty() && !self.lifetime_bounds.start().is_zero(),
                "the lifetime bounds are empty, or begin at zero",
            ),
            (
                self.unknown_kid_burst > 0 && !self.unknown_kid_interval.is_zero(),
                "the budget for unknown kids is zero: a rotated key would not be found",
            ),
            (
                !self.first_retry.is_zero(),
                "the first retry follows at once",
            ),
        ] {
            if !fine {
                return Err(RemoteJwksError::InvalidSetting(error));
            }
        }
        let fetcher = match self.fetcher {
            Some(fetcher) => fetcher,
            None => default_fetcher(&place, self.connect_timeout)?,
        };
        let second = Duration::from_secs(1);
        Ok(RemoteJwks::new(Shared::new(Settings {
            source: Source {
                place,
                fetcher,
                timeout: self.timeout,
                max_bytes: self.max_bytes,
            },
            backend: self.backend,
            max_keys: self.max_keys,
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
        })))
    }
}

fn secure(what: &'static str, url: &str) -> Result<Url, RemoteJwksError> {
    let parsed = Url::parse(url).map_err(|source| RemoteJwksError::InvalidUrl {
        what,
        url: url.to_owned(),
        source,
    })?;
    if !is_secure(&parsed) {
        let url = url.to_owned();
        return Err(RemoteJwksError::InsecureUrl { what, url });
    }
    Ok(parsed)
}

/// A proxy from the environment has no business with this machine's own addresses.
#[cfg(feature = "reqwest")]
fn default_fetcher(
    place: &Place,
    connect_timeout: Duration,
) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
    let (Place::At(url) | Place::Discover { url, .. }) = place;
    super::ReqwestFetcher::new(connect_timeout, is_loopback(url))
        .map(|fetcher| Arc::new(fetcher) as Arc<dyn Fetcher>)
        .map_err(RemoteJwksError::Client)
}

#[cfg(not(feature = "reqwest"))]
fn default_fetcher(_: &Place, _: Duration) -> Result<Arc<dyn Fetcher>, RemoteJwksError> {
    let _ = is_loopback;
    Err(RemoteJwksError::NoFetcher)
}
