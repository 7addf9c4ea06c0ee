//! The facade: a request's parts and a policy in, [`Authorized`] or [`Rejection`] out.

mod admission;
mod authorized;
mod builder;
mod enforce;
pub(crate) mod events;
mod lifetime;
mod possession;
mod state;
mod verified;
mod verify;

use std::{borrow::Cow, fmt, iter, sync::Arc};

use serde::de::DeserializeOwned;

pub use self::{
    admission::{Admission, Pending},
    authorized::Authorized,
    builder::AuthorizerBuilder,
    lifetime::WhileValid,
};
use self::{
    state::AuthorizerState,
    verified::Verified,
    verify::{Checked, Need, TokenCheck, VerifyStep},
};
use crate::{
    bearer::{self, Credentials},
    cache::TokenCache,
    claims::Claims,
    dpop::Proof,
    jwks::KeyStatus,
    metadata::ResourceMetadata,
    metrics::{IssuerMetrics, Timer},
    policy::Policy,
    rejection::{Reason, Rejection, Scheme},
    request::{OwnedParts, RequestParts},
};

/// Authorizes requests: finds the token, verifies it, and evaluates the endpoint's policy.
///
/// `C` is the application's type for the claims, by default a map of all claims. Clones share the
/// keys, the cache and the background task.
///
/// ```
/// use authz_core::{Authorizer, Issuer, RequestParts, scope};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let issuer = Issuer::auth0("tenant.eu.auth0.com").audience("https://quickstarts.example/api");
/// let authorizer = Authorizer::new(issuer)?; // keys are fetched in the background
///
/// let (parts, _) = http::Request::get("/api/private").body(())?.into_parts();
/// let policy = scope("read:messages");
/// let rejection = authorizer
///     .authorize(&RequestParts::from(&parts), &policy)
///     .await
///     .unwrap_err();
/// assert_eq!(rejection.status(), 401);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Authorizer<C = Claims> {
    pub(crate) state: Arc<AuthorizerState<C>>,
}

/// The state of one issuer's keys.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerStatus {
    /// The issuer's identifier.
    pub issuer: String,
    /// Its keys.
    pub keys: KeyStatus,
}

/// The fill level of the cache of verified tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStatus {
    /// Number of cached tokens.
    pub tokens: usize,
    /// Estimated memory of the cached tokens, in bytes.
    pub bytes: u64,
}

impl<C: DeserializeOwned + Send + Sync + 'static> Authorizer<C> {
    /// Authorizes one request. Waits for the issuer's keys if the token's key is unknown, or for its answer if the
    /// token is introspected.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub async fn authorize(
        &self,
        request: &RequestParts<'_>,
        policy: &Policy,
    ) -> Result<Authorized<C>, Rejection> {
        let caller = match self.decide_optional(request, policy) {
            Admission::Ready(decision) => decision?,
            Admission::Pending(pending) => return pending.await,
        };
        caller.ok_or_else(|| self.reject_missing(request, policy))
    }

    /// Like [`authorize`](Self::authorize), but allows a request without a token, as `None`. A bad
    /// token is still rejected.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub async fn authorize_optional(
        &self,
        request: &RequestParts<'_>,
        policy: &Policy,
    ) -> Result<Option<Authorized<C>>, Rejection> {
        self.decide_optional(request, policy).resolve().await
    }

    /// Authorizes one request without an `.await`, a lock or a boxed future, unless the token's key is
    /// unknown, which is rare, or the token is introspected. The caller is never `None`.
    pub fn decide(&self, request: &RequestParts<'_>, policy: &Policy) -> Admission<C> {
        match self.decide_optional(request, policy) {
            Admission::Ready(Ok(None)) => {
                Admission::Ready(Err(self.reject_missing(request, policy)))
            }
            admission => admission,
        }
    }

    /// Like [`decide`](Self::decide), but allows a request without a token, as `None`. A bad token is
    /// still rejected.
    pub fn decide_optional(&self, request: &RequestParts<'_>, policy: &Policy) -> Admission<C> {
        self.decide_both(request, policy, None)
    }

    /// Like [`decide_optional`](Self::decide_optional), and applies a second policy to the same token,
    /// with the request that its rule sees.
    pub(crate) fn decide_both(
        &self,
        request: &RequestParts<'_>,
        policy: &Policy,
        second: Option<(&RequestParts<'_>, &Policy)>,
    ) -> Admission<C> {
        let mut timer = Timer::start();
        let mut check = TokenCheck {
            state: &self.state,
            request: Some(request),
            scheme: Scheme::Bearer,
        };
        let token = match bearer::find(request.headers, request.uri, &self.state.sources) {
            Ok(Some(Credentials { token, scheme })) => {
                check.scheme = scheme;
                token
            }
            Ok(None) => return Admission::Ready(Ok(None)),
            Err(bad) => {
                check.scheme = bad.scheme;
                return Admission::Ready(Err(check.reject(&bad.into(), None)));
            }
        };
        let checks = iter::once((request, policy)).chain(second);
        let verified = match check.verify(&token, &mut timer) {
            Ok(VerifyStep::Cached(verified)) => Ok((verified, true)),
            Ok(VerifyStep::Verified(verified)) => Ok((verified, false)),
            Ok(VerifyStep::Waits(need)) => {
                let waiting = waiting(Missing::Token(need), &check, token, checks);
                return Admission::Pending(self.wait(waiting, timer));
            }
            Err(rejection) => Err(rejection),
        };
        let checked = match &verified {
            Ok((verified, _)) => check.check_revoked(verified),
            Err(_) => Ok(Checked::Good),
        };
        #[cfg(feature = "status-list")]
        if let (Ok((verified, _)), Ok(Checked::NeedsList)) = (&verified, &checked) {
            let missing = Missing::StatusList(Arc::clone(verified));
            let waiting = waiting(missing, &check, token, checks);
            return Admission::Pending(self.wait(waiting, timer));
        }
        let decision = verified.and_then(|(verified, cached)| {
            checked?;
            let proof = check.check_possession(&verified, &token)?;
            for (request, policy) in checks {
                verified.check(policy, Some(request))?;
            }
            Ok((verified, cached, proof))
        });
        let decision = match decision {
            Ok((verified, cached, None)) => {
                events::allowed(&verified, request, cached);
                Ok(Authorized::new(verified))
            }
            Ok((verified, cached, Some(proof))) => {
                match check.record_now(&proof, &verified, request, cached) {
                    Some(recorded) => recorded.map(|()| Authorized::new(verified)),
                    None => {
                        let parts = OwnedParts::for_policy(request, policy, false);
                        return Admission::Pending(self.ask(verified, proof, parts, timer));
                    }
                }
            }
            Err(rejection) => Err(rejection),
        };
        timer.decided(&self.state.api.metrics, measured(&decision));
        Admission::Ready(decision.map(Some))
    }

    /// Verifies a token that did not come with a request. No policy is applied.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] that a request with this token would get.
    pub async fn verify(&self, token: &str) -> Result<Authorized<C>, Rejection> {
        let check = TokenCheck {
            state: &self.state,
            request: None,
            scheme: Scheme::Bearer,
        };
        let mut timer = Timer::start();
        let decision = match check.verify(token.as_bytes(), &mut timer) {
            Ok(VerifyStep::Cached(verified) | VerifyStep::Verified(verified)) => {
                let checked = check.check_revoked_by_newer_list(&verified).await;
                checked
                    .and_then(|()| check.check_possession(&verified, token.as_bytes()))
                    .map(|_| Authorized::new(verified))
            }
            Ok(VerifyStep::Waits(need)) => {
                let token = token.as_bytes().into();
                let waiting = waiting(Missing::Token(need), &check, token, iter::empty());
                return self.wait(waiting, timer).await;
            }
            Err(rejection) => Err(rejection),
        };
        timer.decided(&self.state.api.metrics, measured(&decision));
        decision
    }

    pub(crate) fn reject_missing(&self, request: &RequestParts<'_>, policy: &Policy) -> Rejection {
        let check = TokenCheck {
            state: &self.state,
            request: Some(request),
            scheme: Scheme::Bearer,
        };
        let missing = bearer::missing(request.headers, &self.state.sources);
        let scope = self.state.scope_to_ask_for(policy, request);
        check.reject(&missing, None).with_scope(scope)
    }

    fn wait(&self, waiting: WaitingRequest<C>, timer: Timer) -> Pending<C> {
        let state = Arc::clone(&self.state);
        let span = events::waiting();
        Pending::new(async move {
            let decision = Self::decide_when_there(&state, waiting).await;
            events::decided(&span, &decision);
            timer.decided(&state.api.metrics, measured(&decision));
            decision
        })
    }

    async fn decide_when_there(
        state: &AuthorizerState<C>,
        waiting: WaitingRequest<C>,
    ) -> Result<Authorized<C>, Rejection> {
        let request = waiting.checks.first().map(|(parts, _)| parts.borrow());
        let check = TokenCheck {
            state,
            request: request.as_ref(),
            scheme: waiting.scheme,
        };
        let verified = match waiting.missing {
            Missing::Token(need) => check.verify_later(&waiting.token, &need).await?,
            Missing::StatusList(verified) => verified,
        };
        check.check_revoked_by_newer_list(&verified).await?;
        let proof = check.check_possession(&verified, &waiting.token)?;
        for (parts, policy) in &waiting.checks {
            verified.check(policy, Some(&parts.borrow()))?;
        }
        if let Some(proof) = proof {
            check.record(&proof, &verified).await?;
        }
        if let Some(request) = &request {
            events::allowed(&verified, request, false);
        }
        Ok(Authorized::new(verified))
    }

    /// Asks a store whether a proof, the last check of a request, was seen before.
    fn ask(
        &self,
        verified: Arc<Verified<C>>,
        proof: Box<Proof>,
        parts: OwnedParts,
        timer: Timer,
    ) -> Pending<C> {
        let state = Arc::clone(&self.state);
        let span = events::waiting();
        Pending::new(async move {
            let request = parts.borrow();
            let check = TokenCheck {
                state: &state,
                request: Some(&request),
                scheme: Scheme::Dpop,
            };
            let decision = check.record(&proof, &verified).await.map(|()| {
                events::allowed(&verified, &request, true);
                Authorized::new(Arc::clone(&verified))
            });
            events::decided(&span, &decision);
            timer.decided(&state.api.metrics, measured(&decision));
            decision
        })
    }
}

/// A request whose decision waits.
struct WaitingRequest<C> {
    missing: Missing<C>,
    token: Vec<u8>,
    scheme: Scheme,
    checks: Vec<(OwnedParts, Policy)>,
}

/// What a decision waits for.
enum Missing<C> {
    /// Newer keys, or the issuer's answer, for a token that is not verified.
    Token(Need),
    /// The status list of a verified token.
    #[cfg_attr(
        not(feature = "status-list"),
        expect(dead_code, reason = "without the feature, there are no lists")
    )]
    StatusList(Arc<Verified<C>>),
}

fn waiting<'r, C>(
    missing: Missing<C>,
    check: &TokenCheck<'_, C>,
    token: Cow<'_, [u8]>,
    checks: impl Iterator<Item = (&'r RequestParts<'r>, &'r Policy)>,
) -> WaitingRequest<C> {
    let is_bound = check.scheme == Scheme::Dpop || check.state.reads_certificate;
    let owned = |(request, policy): (_, &Policy)| {
        (
            OwnedParts::for_policy(request, policy, is_bound),
            policy.clone(),
        )
    };
    WaitingRequest {
        missing,
        token: token.into_owned(),
        scheme: check.scheme,
        checks: checks.map(owned).collect(),
    }
}

impl<C> Authorizer<C> {
    /// Returns `true` if the keys of every issuer are loaded, for a readiness probe. Tenants do not
    /// count.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state.issuers.iter().all(|it| it.keys.status().ready)
    }

    /// Waits until the keys of every issuer are loaded, without a time limit, for servers that listen
    /// only then. Tenants do not count. Returns immediately without a tokio runtime.
    ///
    /// ```
    /// # async fn example(authorizer: authz_core::Authorizer) {
    /// use std::time::Duration;
    ///
    /// if tokio::time::timeout(Duration::from_secs(30), authorizer.ready()).await.is_err() {
    ///     eprintln!("the issuer's keys are not loaded yet: starting anyway, requests get 503");
    /// }
    /// # }
    /// ```
    pub async fn ready(&self) {
        for issuer in self.state.issuers.iter() {
            issuer.keys.ready().await;
        }
    }

    /// Returns the state of each issuer's keys, including tenants.
    #[must_use]
    pub fn key_status(&self) -> Vec<IssuerStatus> {
        let tenants = self.state.issuers.tenants();
        let issuers = self.state.issuers.iter().chain(&tenants);
        issuers
            .map(|it| IssuerStatus {
                issuer: it.issuer.to_string(),
                keys: it.keys.status(),
            })
            .collect()
    }

    /// Removes a tenant and rejects its tokens immediately, including cached ones, until
    /// [`Tenants::allow`](crate::Tenants::allow) admits it again. Ignores unknown tenants.
    pub fn retire_tenant(&self, issuer: &str) {
        self.state.issuers.retire_tenant(issuer);
    }

    /// Returns the fill level of the cache of verified tokens, or `None` if the cache is disabled.
    #[must_use]
    pub fn cache_status(&self) -> Option<CacheStatus> {
        let cache = self.state.cache.as_ref()?;
        let introspected = self.state.introspected.as_ref();
        Some(CacheStatus {
            tokens: cache.len() + introspected.map_or(0, TokenCache::len),
            bytes: cache.bytes() + introspected.map_or(0, TokenCache::bytes),
        })
    }

    /// Returns the metadata of this API (RFC 9728), or `None` without a
    /// [resource identifier](AuthorizerBuilder::resource).
    #[must_use]
    pub fn resource_metadata(&self) -> Option<&ResourceMetadata> {
        self.state.metadata.as_ref()
    }
}

impl<C> Clone for Authorizer<C> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
        }
    }
}

impl<C> fmt::Debug for Authorizer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("issuers", &self.state.issuers)
            .finish_non_exhaustive()
    }
}

/// Returns the parts of a decision that metrics count.
fn measured<C>(decision: &Result<Authorized<C>, Rejection>) -> Result<&IssuerMetrics, Reason> {
    let allowed = decision.as_ref().map_err(Rejection::reason);
    allowed.map(|caller| &caller.verified().trusted.metrics)
}
