use std::{fmt, sync::Arc, time::Duration};

use crate::jwks::{Fetcher, JwksProvider};

/// The settings for token status lists (draft-ietf-oauth-status-list-20), for
/// [`AuthorizerBuilder::status_lists`](crate::AuthorizerBuilder::status_lists).
///
/// ```
/// use std::time::Duration;
/// use authz_core::{Authorizer, StatusLists};
///
/// let lists = StatusLists::at_origin("https://login.example")
///     .outage_window(Duration::from_secs(10 * 60));
/// let builder = Authorizer::builder().status_lists(lists);
/// ```
///
/// A token with `status.status_list` is accepted only if its status is 0 (VALID). Tokens with another
/// status, or with an index beyond the end of the list, get 401 with
/// [`Reason::Revoked`](crate::Reason::Revoked). A token whose list has another origin is malformed.
///
/// The first request that needs a list waits for it, as for a key, and only if the token is valid
/// otherwise. All requests share one fetch. A list is fresh until its `exp`, and for its `ttl`, whichever
/// ends first. Redirects are not followed.
#[derive(Clone)]
#[must_use]
pub struct StatusLists {
    pub(super) origin: String,
    pub(super) signer: Option<Signer>,
    pub(super) fetcher: Option<Arc<dyn Fetcher>>,
    pub(super) timeout: Duration,
    pub(super) default_lifetime: Duration,
    pub(super) outage_window: Duration,
    pub(super) max_bytes: usize,
    pub(super) max_list_bytes: usize,
}

/// Who signs the lists, if not the token's issuer.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) issuer: Arc<str>,
    pub(super) keys: Arc<dyn JwksProvider>,
}

impl StatusLists {
    /// Accepts lists at addresses of `origin`, such as `https://login.example`. Tokens can't cause
    /// requests to any other origin.
    pub fn at_origin(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            signer: None,
            fetcher: None,
            timeout: Duration::from_secs(5),
            default_lifetime: Duration::from_secs(5 * 60),
            outage_window: Duration::ZERO,
            max_bytes: 64 * 1024 * 1024,
            max_list_bytes: 16 * 1024 * 1024,
        }
    }

    /// Sets who signs the lists: `issuer` is their `iss`, if they have one. Default: the token's issuer
    /// and its keys.
    pub fn signed_by(mut self, issuer: &str, keys: impl JwksProvider) -> Self {
        self.signer = Some(Signer {
            issuer: issuer.into(),
            keys: Arc::new(keys),
        });
        self
    }

    /// Sets the HTTP client. It must not follow redirects to other origins. Default: `reqwest`.
    pub fn fetcher(mut self, fetcher: impl Fetcher) -> Self {
        self.fetcher = Some(Arc::new(fetcher));
        self
    }

    /// Sets the time limit for one fetch. Default: 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long a list is fresh that has neither `exp` nor `ttl`. Default: 5 minutes.
    pub const fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = lifetime;
        self
    }

    /// Sets how long a list is used after its lifetime while it can't be fetched. Then requests get 503
    /// with [`Reason::RevocationsUnavailable`](crate::Reason::RevocationsUnavailable). Default: zero.
    /// [`Duration::MAX`] uses it forever.
    pub const fn outage_window(mut self, window: Duration) -> Self {
        self.outage_window = window;
        self
    }

    /// Sets the maximum memory of all lists in bytes. Lists that are used least are dropped, and fetched
    /// again when they are needed. Default: 64 MiB.
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the maximum size of one list in bytes: of the response, and of the list after decompression.
    /// Default: 16 MiB.
    pub const fn max_list_bytes(mut self, bytes: usize) -> Self {
        self.max_list_bytes = bytes;
        self
    }
}

impl fmt::Debug for StatusLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusLists")
            .field("origin", &self.origin)
            .field("outage_window", &self.outage_window)
            .finish_non_exhaustive()
    }
}
