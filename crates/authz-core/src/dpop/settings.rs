use std::{sync::Arc, time::Duration};

use super::{
    nonce::{NonceKey, Nonces},
    proof::ProofChecks,
    public_url::PublicUrls,
    replay::{MemoryReplayStore, Replay, ReplayStore},
};
use crate::{
    clock::Clock,
    crypto::{Algorithm, AlgorithmSet},
    issuer::BuildError,
};

/// Whether tokens of an issuer may or must be bound to a key by DPoP (RFC 9449).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dpop {
    /// Tokens that are bound to a key are rejected.
    #[default]
    Off,
    /// Tokens that are bound to a key need a proof. Others are bearer tokens.
    Accepted,
    /// Every token must be bound to a key.
    Required,
}

/// How this API checks DPoP proofs (RFC 9449 section 4.3).
///
/// ```
/// use authz_core::{Authorizer, Dpop, DpopProofs, Issuer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let authorizer = Authorizer::builder()
///     .issuer(
///         Issuer::new("https://login.example")
///             .audience("https://api.example")
///             .dpop(Dpop::Required),
///     )
///     .dpop_proofs(DpopProofs::for_public_url("https://api.example"))
///     .build()?;
/// # Ok::<(), authz_core::BuildError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DpopProofs {
    urls: Vec<(String, String)>,
    algorithms: AlgorithmSet,
    max_age: Duration,
    clock_skew: Duration,
    nonce_key: Option<NonceKey>,
    replay_bytes: usize,
    replay_store: Option<Arc<dyn ReplayStore>>,
}

impl DpopProofs {
    /// Creates settings for an API that clients reach at `url`, such as `https://api.example` or, behind a
    /// proxy that removes a prefix, `https://api.example/messages`. The path of a request follows it.
    ///
    /// The address never comes from `Host` or another header field of the request, which the sender chooses.
    pub fn for_public_url(url: impl Into<String>) -> Self {
        use Algorithm::{ES256, ES384, ES512, EdDSA, PS256, RS256};
        Self {
            urls: vec![(String::new(), url.into())],
            algorithms: [ES256, ES384, ES512, EdDSA, PS256, RS256]
                .into_iter()
                .collect(),
            max_age: Duration::from_secs(60),
            clock_skew: Duration::from_secs(10),
            nonce_key: None,
            replay_bytes: 64 * 1024 * 1024,
            replay_store: None,
        }
    }

    /// Sets another address for requests whose path begins with `prefix`, which the address replaces: with
    /// `/internal/v1` and `https://v1.example`, the address of `/internal/v1/messages` is
    /// `https://v1.example/messages`. The longest prefix counts, in whole path segments.
    pub fn public_url_of(mut self, prefix: impl Into<String>, url: impl Into<String>) -> Self {
        self.urls.push((prefix.into(), url.into()));
        self
    }

    /// Sets the accepted signature algorithms. Default: ES256, ES384, ES512, EdDSA, PS256 and RS256.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets how old a proof may be by its `iat`, at most an hour. Default: 60 s. It has no effect with
    /// [nonces](Self::nonces), which say when a proof was made.
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Sets how far in the future a proof's `iat` may be, at most 5 minutes. Default: 10 s, which the FAPI 2.0
    /// Security Profile asks for (section 5.3.2.1).
    pub const fn clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }

    /// Requires each proof to have a nonce of this server (RFC 9449 section 9), which bounds how long before a
    /// request a proof can be made. A proof without one is answered with `use_dpop_nonce` and a nonce.
    ///
    /// A nonce is accepted for one to two minutes. Servers with the same key accept each other's.
    pub fn nonces(mut self, key: NonceKey) -> Self {
        self.nonce_key = Some(key);
        self
    }

    /// Sets the maximum size in bytes of the memory that holds the proofs seen. Default: 64 MiB. A proof takes
    /// about 100 bytes until it is too old to be accepted. Beyond it, requests with a proof get 503.
    pub const fn replay_bytes(mut self, bytes: usize) -> Self {
        self.replay_bytes = bytes;
        self
    }

    /// Stores the proofs seen in `store`, for several servers that together accept a proof once. Default: the
    /// memory of this authorizer.
    pub fn replay_store(mut self, store: impl ReplayStore) -> Self {
        self.replay_store = Some(Arc::new(store));
        self
    }

    pub(crate) const fn accepted(&self) -> AlgorithmSet {
        self.algorithms
    }

    pub(crate) fn build(self, clock: &Arc<dyn Clock>) -> Result<ProofChecks, BuildError> {
        let is_symmetric = |it: Algorithm| it.name().starts_with("HS");
        if self.algorithms.is_empty() || self.algorithms.iter().any(is_symmetric) {
            return Err(BuildError::setting(format!(
                "the algorithms of DPoP proofs are [{}]: give at least one, and none with a shared secret (RFC 9449 section 4.3)",
                self.algorithms
            )));
        }
        for (setting, value, longest) in [
            ("max_age", self.max_age, 60 * 60),
            ("clock_skew", self.clock_skew, 5 * 60),
        ] {
            if value > Duration::from_secs(longest) {
                return Err(BuildError::setting(format!(
                    "{setting} of DPoP proofs is {value:?}: use at most {longest} s, because each proof is remembered as long as it is accepted"
                )));
            }
        }
        let nonces = self.nonce_key.map(Nonces::new);
        let lifetime = match &nonces {
            Some(_) => Nonces::LIFETIME,
            None => self.max_age + self.clock_skew,
        };
        let replay = match self.replay_store {
            Some(store) => Replay::Store(store),
            None => Replay::Memory(MemoryReplayStore::new(self.replay_bytes, Arc::clone(clock))),
        };
        // Twice base64url, an ML-DSA-87 key has 4.6 KB, and its signature 6.2 KB. Any other proof is shorter.
        let is_long = |it: Algorithm| matches!(it, Algorithm::MLDSA65 | Algorithm::MLDSA87);
        let kib = if self.algorithms.iter().any(is_long) {
            16
        } else {
            8
        };
        Ok(ProofChecks {
            urls: PublicUrls::new(self.urls)?,
            algorithms: self.algorithms,
            max_bytes: kib * 1024,
            max_age: self.max_age.as_secs(),
            clock_skew: self.clock_skew.as_secs(),
            nonces,
            replay,
            lifetime,
        })
    }
}
