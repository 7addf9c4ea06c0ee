use std::{sync::Arc, time::Duration};

use super::{
    client::ClientAuthentication,
    shared::{IntrospectionCache, IntrospectionCacheKey, SharedCache},
};
use crate::jwks::Address;

/// How an issuer's tokens are introspected (RFC 7662): this API asks the issuer whether a token is active.
///
/// ```
/// use authz_core::{Authorizer, ClientAuthentication, Introspection, Issuer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let client = ClientAuthentication::client_secret_basic("messages-api", "its secret");
/// let authorizer = Authorizer::new(
///     Issuer::new("https://login.example")
///         .audience("https://api.example")
///         .introspect(Introspection::opaque(client)),
/// )?;
/// # Ok::<(), authz_core::BuildError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The answer takes the place of a JWT's claims. `active` must be `true`, `aud` must match as in a JWT, and
/// `exp`, `nbf`, `iss` and `cnf` are checked if the answer has them. An answer is used for
/// [a short time](Self::positive_ttl). If the issuer does not answer, requests get 503.
#[derive(Clone, Debug)]
#[must_use]
pub struct Introspection {
    pub(crate) tokens: IntrospectedTokens,
    pub(super) client: ClientAuthentication,
    pub(crate) endpoint: Option<Address>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) positive_ttl: Duration,
    pub(super) negative_ttl: Duration,
    pub(super) timeout: Duration,
    pub(super) concurrency: usize,
    pub(crate) stale: Duration,
    pub(crate) signed: bool,
    pub(super) burst: u32,
    pub(super) interval: Duration,
    pub(super) shared: Option<SharedCache>,
}

/// The tokens that are introspected. Opaque ones always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntrospectedTokens {
    Opaque,
    Always,
    Fallback,
}

impl Introspection {
    /// Introspects opaque tokens. JWTs are verified with the issuer's keys.
    pub fn opaque(client: ClientAuthentication) -> Self {
        Self::new(IntrospectedTokens::Opaque, client)
    }

    /// Introspects every token of the issuer, so that a revoked token is rejected within
    /// [`positive_ttl`](Self::positive_ttl). A JWT belongs to the issuer that its `iss` names. Its claims and
    /// its signature are not used.
    ///
    /// An issuer without a source of keys does not need keys then.
    pub fn always(client: ClientAuthentication) -> Self {
        Self::new(IntrospectedTokens::Always, client)
    }

    /// Introspects opaque tokens, and JWTs that pass every other check but whose key the issuer does not publish.
    pub fn fallback(client: ClientAuthentication) -> Self {
        Self::new(IntrospectedTokens::Fallback, client)
    }

    fn new(tokens: IntrospectedTokens, client: ClientAuthentication) -> Self {
        Self {
            tokens,
            client,
            endpoint: None,
            prefixes: Vec::new(),
            positive_ttl: Duration::from_secs(30),
            negative_ttl: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            concurrency: 64,
            stale: Duration::ZERO,
            signed: false,
            burst: 100,
            interval: Duration::from_millis(20),
            shared: None,
        }
    }

    /// Sets the address of the endpoint. Default: `introspection_endpoint` of the issuer's metadata
    /// (RFC 8414 section 2).
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(Address(url.into()));
        self
    }

    /// Introspects only opaque tokens that begin with `prefix`. May be repeated.
    ///
    /// An opaque token does not name its issuer. If several issuers introspect, each needs prefixes of its
    /// own, because a token must not be shown to another issuer.
    pub fn token_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.push(prefix.into());
        self
    }

    /// Sets how long an answer about an active token is used, at most 60 s, and never after its `exp`. It is
    /// also the longest time until a revoked token is rejected. Default: 30 s.
    pub const fn positive_ttl(mut self, ttl: Duration) -> Self {
        self.positive_ttl = ttl;
        self
    }

    /// Sets how long a token is refused without another call after an answer that it is not active, or that
    /// this API does not accept, at most 60 s. Default: 5 s.
    pub const fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = ttl;
        self
    }

    /// Sets the time limit of a call, including discovery and the wait for other calls. Default: 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the maximum number of concurrent calls. A quarter is reserved for tokens that were active before.
    /// Default: 64.
    pub const fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Sets how long an answer about an active token is used after its time while the issuer does not answer, at
    /// most an hour. A token that is revoked during an outage is accepted for this time. Default: zero.
    pub const fn allow_stale(mut self, time: Duration) -> Self {
        self.stale = time;
        self
    }

    /// Requires signed answers (RFC 9701), by a key of the issuer and with one of its
    /// [algorithms](crate::Issuer::algorithms). The answer's `aud` must contain the client.
    pub const fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Sets the budget of calls for tokens that are not active: `burst` at once, then one per `interval`.
    /// Default: 100, then one per 20 ms.
    ///
    /// If it is spent, tokens that were not active before get 503. So strangers can't make this API flood its
    /// issuer with invented tokens. A token that turns out to be active does not count.
    pub const fn invalid_tokens(mut self, burst: u32, interval: Duration) -> Self {
        self.burst = burst;
        self.interval = interval;
        self
    }

    /// Shares answers about accepted tokens with the servers that use the same store and key, so that the issuer
    /// gets one call for all of them. Default: each server asks for itself.
    ///
    /// The store gets neither tokens nor claims in plain text. Each server checks a shared answer as if the issuer
    /// had sent it, and uses it until [`positive_ttl`](Self::positive_ttl) after the call, by the clocks of the
    /// servers. If the store does not answer within 100 ms, the server asks the issuer.
    pub fn shared_cache(
        mut self,
        store: impl IntrospectionCache,
        key: IntrospectionCacheKey,
    ) -> Self {
        let store = Arc::new(store);
        self.shared = Some(SharedCache { store, key });
        self
    }

    /// Returns what is wrong with the settings.
    pub(crate) fn problem(&self) -> Option<String> {
        const MINUTE: Duration = Duration::from_secs(60);
        const HOUR: Duration = Duration::from_secs(60 * 60);
        for (setting, value, max, may_be_zero) in [
            ("positive_ttl", self.positive_ttl, MINUTE, true),
            ("negative_ttl", self.negative_ttl, MINUTE, true),
            ("timeout", self.timeout, MINUTE, false),
            ("allow_stale", self.stale, HOUR, true),
            ("invalid_tokens", self.interval, HOUR, false),
        ] {
            if value > max || (value.is_zero() && !may_be_zero) {
                let least = if may_be_zero {
                    ""
                } else {
                    "more than zero and "
                };
                return Some(format!(
                    "{setting} is {value:?}: use {least}at most {max:?}"
                ));
            }
        }
        if self.concurrency == 0 || self.concurrency > 10_000 {
            let calls = self.concurrency;
            return Some(format!("concurrency is {calls}: use 1 to 10000"));
        }
        if self.burst == 0 {
            return Some(
                "the budget of invalid_tokens is zero, so no token could be introspected"
                    .to_owned(),
            );
        }
        if self.prefixes.iter().any(String::is_empty) {
            return Some(
                "token_prefix is empty: omit it to introspect every opaque token".to_owned(),
            );
        }
        self.client.problem().map(str::to_owned)
    }
}
