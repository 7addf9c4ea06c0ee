//! The facade: a request's parts and a policy in, [`Authorized`] or [`Rejection`] out.

mod admission;
mod admitted;
mod authorized;
mod builder;
mod enforce;
mod events;
mod guard;
mod verify;

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

pub(crate) use self::authorized::Verified;
#[cfg(feature = "rules")]
pub use self::guard::RulesGuard;
use self::verify::{Check, Step};
pub use self::{
    admission::{Admission, Pending},
    admitted::{Admitted, MissingGuard},
    authorized::Authorized,
    builder::AuthorizerBuilder,
    guard::{Guard, PolicyGuard, RulePaths},
};
use crate::{
    bearer::{self, Sources},
    cache::TokenCache,
    claims::Claims,
    issuer::{BuildError, Issuer, Issuers},
    jwks::{KeyStatus, RefreshReason},
    metadata::ResourceMetadata,
    policy::{Implied, Policy},
    rejection::{Api, Rejection},
    request::{OwnedParts, RequestParts},
    validation::ValidationError,
};

/// Decides about requests: finds the token, checks it, and evaluates the endpoint's policy.
///
/// `C` is the type of the claims that the application reads; by default all of them, as a map.
/// Clones share everything: the keys, the cache, the background task.
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
    shared: Arc<Shared<C>>,
}

/// As an [`Admission`], of a request that needs a token.
enum Decided<C> {
    Now(Result<Authorized<C>, Rejection>),
    Later(Pending<C>),
}

pub(crate) struct Shared<C> {
    issuers: Issuers,
    sources: Sources,
    max_token_bytes: usize,
    cache: Option<TokenCache<Verified<C>>>,
    api: Arc<Api>,
    implied: Implied,
    metadata: Option<ResourceMetadata>,
    name_wanted_scopes: bool,
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

/// How full the cache of verified tokens is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStatus {
    /// Tokens in it.
    pub tokens: usize,
    /// Bytes that they take, as estimated.
    pub bytes: u64,
}

impl Authorizer {
    /// For one issuer and with default settings. Keys are fetched in the background if a tokio runtime
    /// is running, otherwise with the first request.
    ///
    /// ```
    /// use authz_core::{Authorizer, Issuer};
    ///
    /// let authorizer = Authorizer::new(
    ///     Issuer::auth0("tenant.eu.auth0.com").audience("https://quickstarts.example/api"),
    /// )?;
    /// # Ok::<(), authz_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the issuer has no audience, or a setting can't work.
    pub fn new(issuer: Issuer) -> Result<Self, BuildError> {
        Self::builder().issuer(issuer).build()
    }

    /// For several issuers, and for the settings of this API.
    pub fn builder() -> AuthorizerBuilder {
        AuthorizerBuilder::new()
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Authorizer<C> {
    /// Decides about one request, waiting for the issuer's keys if need be.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub async fn authorize(
        &self,
        request: &RequestParts<'_>,
        policy: &Policy,
    ) -> Result<Authorized<C>, Rejection> {
        match self.decide_now(request, policy) {
            Decided::Now(decision) => decision,
            Decided::Later(pending) => pending.await,
        }
    }

    /// Like [`authorize`](Self::authorize), but a request without a token passes, as `None`. A bad
    /// token is refused all the same.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
    pub async fn authorize_optional(
        &self,
        request: &RequestParts<'_>,
        policy: &Policy,
    ) -> Result<Option<Authorized<C>>, Rejection> {
        if self.has_no_token(request) {
            return Ok(None);
        }
        self.authorize(request, policy).await.map(Some)
    }

    /// Decides about one request, at once if the token's key is known, which is nearly always: without
    /// an `.await`, a lock or a boxed future. The caller is never `None`.
    pub fn decide(&self, request: &RequestParts<'_>, policy: &Policy) -> Admission<C> {
        match self.decide_now(request, policy) {
            Decided::Now(decision) => Admission::Ready(decision.map(Some)),
            Decided::Later(pending) => Admission::Pending(pending),
        }
    }

    fn decide_now(&self, request: &RequestParts<'_>, policy: &Policy) -> Decided<C> {
        let shared = &*self.shared;
        let check = Check {
            shared,
            request: Some(request),
        };
        if shared.sources.are_plain()
            && let Some(token) = bearer::peek_bearer(request.headers)
        {
            if let Some(verified) = shared.lookup_cached(token) {
                return Decided::Now(Verified::apply(verified, policy, Some(request)));
            }
            // What is taken apart as it should be has nothing in it that would have to be looked at
            // more closely. Whatever else it is, it is found out below.
            if let Ok(jws) = shared.decode(token) {
                let step = check.verify_decoded(token, jws);
                return self.conclude(step, token, policy, request);
            }
        }
        let token = match bearer::token(request.headers, request.uri, &shared.sources) {
            Ok(Some(token)) => token,
            Ok(None) => {
                let refusal = bearer::missing(request.headers, &shared.sources);
                let rejection = check.refuse(&refusal, None);
                let scope = shared.scope_to_ask_for(policy, request);
                return Decided::Now(Err(rejection.with_scope(scope)));
            }
            Err(bad) => return Decided::Now(Err(check.refuse(&ValidationError::from(bad), None))),
        };
        self.conclude(check.verify(&token), token.as_bytes(), policy, request)
    }

    fn conclude(
        &self,
        step: Result<Step<C>, Rejection>,
        token: &[u8],
        policy: &Policy,
        request: &RequestParts<'_>,
    ) -> Decided<C> {
        match step {
            Ok(Step::Verified(verified)) => {
                Decided::Now(Verified::apply(verified, policy, Some(request)))
            }
            Ok(Step::NeedsKeys(reason)) => {
                let parts = owned_parts(request, policy);
                let token = String::from_utf8_lossy(token).into_owned();
                Decided::Later(self.wait(token, policy.clone(), Some(parts), reason))
            }
            Err(rejection) => Decided::Now(Err(rejection)),
        }
    }

    /// Checks a token that did not come with a request. No policy is applied.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] that a request with this token would get.
    pub async fn verify(&self, token: &str) -> Result<Authorized<C>, Rejection> {
        let policy = crate::policy::any_valid_token();
        let check = Check {
            shared: &self.shared,
            request: None,
        };
        match check.verify(token)? {
            Step::Verified(verified) => Verified::apply(verified, &policy, None),
            Step::NeedsKeys(reason) => self.wait(token.to_owned(), policy, None, reason).await,
        }
    }

    /// Whether there is nothing to check, not even something malformed.
    fn has_no_token(&self, request: &RequestParts<'_>) -> bool {
        let sources = &self.shared.sources;
        matches!(
            bearer::token(request.headers, request.uri, sources),
            Ok(None)
        )
    }

    fn wait(
        &self,
        token: String,
        policy: Policy,
        parts: Option<OwnedParts>,
        reason: RefreshReason,
    ) -> Pending<C> {
        let shared = Arc::clone(&self.shared);
        Pending::new(async move {
            let parts = parts.as_ref().map(OwnedParts::borrow);
            let check = Check {
                shared: &shared,
                request: parts.as_ref(),
            };
            let verified = check.verify_with_newer_keys(&token, reason).await?;
            Verified::apply(verified, &policy, parts.as_ref())
        })
    }
}

/// What `policy` looks at, and what the log says of a request.
fn owned_parts(request: &RequestParts<'_>, policy: &Policy) -> OwnedParts {
    OwnedParts::new(request, policy.depends_on_request(), &policy.path_params())
}

impl<C> Shared<C> {
    /// The scopes that a caller without a token should ask its issuer for (RFC 6750 section 3).
    fn scope_to_ask_for(&self, policy: &Policy, request: &RequestParts<'_>) -> Option<String> {
        if !self.name_wanted_scopes {
            return None;
        }
        let scopes = policy.wanted_scopes(request.method);
        (!scopes.is_empty()).then(|| scopes.join(" "))
    }
}

impl<C> Authorizer<C> {
    /// Whether the keys of every issuer are loaded: what a readiness probe asks. Tenants, which appear
    /// at run time, are not waited for.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.issuers.iter().all(|it| it.keys.status().ready)
    }

    /// Waits until the keys of every issuer are loaded, however long that takes: for a server that
    /// starts to listen only then. Tenants, which appear at run time, are not waited for. Without a
    /// tokio runtime it returns at once.
    ///
    /// ```
    /// # async fn example(authorizer: authz_core::Authorizer) {
    /// use std::time::Duration;
    ///
    /// if tokio::time::timeout(Duration::from_secs(30), authorizer.ready()).await.is_err() {
    ///     eprintln!("the issuer's keys are not there yet: starting anyway, requests get 503");
    /// }
    /// # }
    /// ```
    pub async fn ready(&self) {
        for issuer in self.shared.issuers.iter() {
            issuer.keys.ready().await;
        }
    }

    /// The state of each issuer's keys, tenants included.
    #[must_use]
    pub fn key_status(&self) -> Vec<IssuerStatus> {
        let tenants = self.shared.issuers.tenants();
        let issuers = self.shared.issuers.iter().chain(&tenants);
        issuers
            .map(|it| IssuerStatus {
                issuer: it.issuer.to_string(),
                keys: it.keys.status(),
            })
            .collect()
    }

    /// Forgets a tenant: its tokens are refused from now on, those already verified included, until
    /// [`Tenants::allow`](crate::Tenants::allow) lets it in again. Nothing happens for one that is not known.
    pub fn retire_tenant(&self, issuer: &str) {
        self.shared.issuers.retire_tenant(issuer);
    }

    /// How full the cache of verified tokens is; `None` when it is switched off.
    #[must_use]
    pub fn cache_status(&self) -> Option<CacheStatus> {
        self.shared.cache.as_ref().map(|cache| CacheStatus {
            tokens: cache.len(),
            bytes: cache.bytes(),
        })
    }

    /// The metadata to serve for this API (RFC 9728), if its resource identifier is configured.
    #[must_use]
    pub fn resource_metadata(&self) -> Option<&ResourceMetadata> {
        self.shared.metadata.as_ref()
    }
}

impl<C> Clone for Authorizer<C> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<C> fmt::Debug for Authorizer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("issuers", &self.shared.issuers)
            .finish_non_exhaustive()
    }
}
