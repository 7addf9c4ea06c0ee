//! Builds the response to a rejected request: status, challenge and body (RFC 6750 section 3).

mod challenge;
mod reason;
mod reference;
mod scheme;

use std::{fmt, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use self::reference::Reference;
pub(crate) use self::scheme::{Scheme, Schemes};
pub use self::{challenge::Challenge, reason::Reason};
#[cfg(feature = "status-list")]
use crate::revocation::StatusListCache;
use crate::{
    clock::Clock,
    crypto::CryptoBackend,
    dpop::DPOP_NONCE,
    metrics::ApiMetrics,
    policy::{OFFLINE_ACCESS, StepUp},
    revocation::Revocations,
};

/// A rejected request: the reason and the response.
///
/// ```
/// # async fn example(authorizer: authz_core::Authorizer, request: http::Request<()>) {
/// use authz_core::{RequestParts, any_valid_token};
///
/// let (parts, _) = request.into_parts();
/// let parts = RequestParts::from(&parts);
/// if let Err(rejection) = authorizer.authorize(&parts, &any_valid_token()).await {
///     let response: http::Response<String> = rejection.into_response();
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Rejection(Box<RejectionFields>);

#[derive(Clone)]
struct RejectionFields {
    reason: Reason,
    status: StatusCode,
    scope: Option<String>,
    step_up: Option<StepUp>,
    retry_after: Option<Duration>,
    /// The scheme of the request's credentials.
    scheme: Scheme,
    /// The nonce for the client's next proof (RFC 9449 section 8).
    nonce: Option<HeaderValue>,
    reference: Option<Reference>,
    /// The `Allow` header of a preflight's response.
    allow: Option<HeaderValue>,
    api: Arc<ApiSettings>,
}

/// The settings that all responses of one API share.
#[derive(Debug)]
pub(crate) struct ApiSettings {
    pub(crate) realm: String,
    pub(crate) schemes: Schemes,
    pub(crate) resource_metadata: Option<String>,
    /// The resource identifier and its equivalent spellings.
    pub(crate) resource_identifiers: Box<[Box<str>]>,
    pub(crate) unmet_policy_status: StatusCode,
    pub(crate) problem_details: bool,
    pub(crate) refusal_references: bool,
    pub(crate) crypto_backend: CryptoBackend,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) revocations: Option<Revocations>,
    #[cfg(feature = "status-list")]
    pub(crate) status_lists: Option<Arc<StatusListCache>>,
    pub(crate) metrics: ApiMetrics,
}

impl ApiSettings {
    #[inline]
    pub(crate) const fn has_no_revocations(&self) -> bool {
        #[cfg(feature = "status-list")]
        if self.status_lists.is_some() {
            return false;
        }
        self.revocations.is_none()
    }
}

impl Rejection {
    pub(crate) fn new(reason: Reason, api: &Arc<ApiSettings>) -> Self {
        Self(Box::new(RejectionFields {
            reason,
            status: reason.status(),
            scope: None,
            step_up: None,
            retry_after: None,
            scheme: Scheme::Bearer,
            nonce: None,
            reference: api.refusal_references.then(Reference::random),
            allow: None,
            api: Arc::clone(api),
        }))
    }

    /// Creates the response to a CORS preflight that the guard answers.
    pub(crate) fn preflight(allow: HeaderValue, api: &Arc<ApiSettings>) -> Self {
        let mut answer = Self::new(Reason::Preflight, api);
        answer.0.allow = Some(allow);
        answer
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// Sets the `scope` of the challenge, without `offline_access`. Refresh tokens are a matter
    /// between client and issuer.
    pub(crate) fn with_scope(mut self, scope: Option<String>) -> Self {
        self.0.scope = match scope {
            Some(scopes) if scopes.contains(OFFLINE_ACCESS) => {
                let others = scopes.split(' ').filter(|it| *it != OFFLINE_ACCESS);
                Some(others.collect::<Vec<_>>().join(" ")).filter(|it| !it.is_empty())
            }
            scope => scope,
        };
        self
    }

    pub(crate) fn with_step_up(mut self, step_up: Option<StepUp>) -> Self {
        self.0.step_up = step_up;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    /// Sets the scheme of the credentials that are rejected.
    pub(crate) fn under(mut self, scheme: Scheme) -> Self {
        self.0.scheme = scheme;
        self
    }

    pub(crate) fn with_nonce(mut self, nonce: Option<HeaderValue>) -> Self {
        self.0.nonce = nonce;
        self
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// Returns the status: 400, 401, 403 or 503, or 204 for a preflight that the guard answers.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn reference(&self) -> Option<Reference> {
        self.0.reference
    }

    /// Returns the first of the [`challenges`](Self::challenges).
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        self.challenges().into_iter().next()
    }

    /// Returns the values of `WWW-Authenticate`, one for each scheme that the client can use. It is empty for a 503,
    /// which is not the caller's fault, and for a preflight.
    #[must_use]
    pub fn challenges(&self) -> Vec<HeaderValue> {
        let RejectionFields {
            reason,
            scheme,
            api,
            ..
        } = &*self.0;
        if reason.is_unavailable() || *reason == Reason::Preflight {
            return Vec::new();
        }
        let challenge = |scheme, error| self.challenge_of(scheme, error).to_header_value();
        if *reason == Reason::MissingToken {
            return (api.schemes.all().map(|scheme| challenge(scheme, None))).collect();
        }
        // A client whose token was rejected as a bearer token may have to send it with a proof.
        let other = match self.0.status {
            StatusCode::UNAUTHORIZED => api.schemes.other(*scheme),
            _ => None,
        };
        let other = other.map(|scheme| challenge(scheme, None));
        (Some(challenge(*scheme, reason.error())).into_iter())
            .chain(other)
            .collect()
    }

    fn challenge_of(&self, scheme: Scheme, error: Option<&str>) -> Challenge {
        let RejectionFields { reason, api, .. } = &*self.0;
        let mut challenge = scheme.challenge(&api.realm);
        if let Some(error) = error {
            challenge = challenge
                .with("error", error)
                .with("error_description", reason.description());
        }
        if let Some(scope) = &self.0.scope {
            challenge = challenge.with("scope", scope);
        }
        // RFC 9470 section 3.
        if let Some(StepUp {
            acr_values,
            max_age,
        }) = &self.0.step_up
        {
            if !acr_values.is_empty() {
                challenge = challenge.with("acr_values", &acr_values.join(" "));
            }
            if let Some(seconds) = max_age {
                challenge = challenge.with("max_age", &seconds.to_string());
            }
        }
        if let (Scheme::Dpop, Some(algorithms)) = (scheme, &api.schemes.dpop) {
            challenge = challenge.with("algs", algorithms);
        }
        if let Some(url) = &api.resource_metadata {
            challenge = challenge.with("resource_metadata", url);
        }
        challenge
    }

    /// Returns the value of `Retry-After` in seconds, rounded up and at least 1.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        let wait = self.0.retry_after?;
        Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
    }

    /// Returns the JSON body: `error` and `error_description`, or [problem
    /// details](crate::AuthorizerBuilder::problem_details) (RFC 9457). It is empty for a preflight.
    ///
    /// It never contains anything that the caller sent.
    #[must_use]
    pub fn body(&self) -> String {
        let reason = self.0.reason;
        let error = match reason {
            Reason::Preflight => return String::new(),
            _ if reason.is_unavailable() => "temporarily_unavailable",
            _ => reason.error().unwrap_or("unauthorized"),
        };
        let description = reason.description();
        if self.0.api.problem_details {
            let (status, title) = (self.0.status.as_u16(), self.0.status.canonical_reason());
            let title = title.unwrap_or_default();
            return format!(
                r#"{{"type":"about:blank","title":"{title}","status":{status},"detail":"{description}","error":"{error}"}}"#
            );
        }
        format!(r#"{{"error":"{error}","error_description":"{description}"}}"#)
    }

    /// Returns all header fields of the response.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        if let Some(allow) = &self.0.allow {
            return HeaderMap::from_iter([(ALLOW, allow.clone())]);
        }
        let mut headers = HeaderMap::with_capacity(5);
        let content_type = match self.0.api.problem_details {
            true => "application/problem+json",
            false => "application/json",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for challenge in self.challenges() {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        headers.extend((self.0.nonce.clone()).map(|nonce| (DPOP_NONCE, nonce)));
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        headers.extend((self.0.reference).map(|it| (Reference::HEADER, it.to_header_value())));
        headers
    }

    /// Returns the response. Its extensions contain the [`Reason`], for an outer layer that counts
    /// rejections or replaces the body.
    #[must_use]
    pub fn into_response<B: From<String>>(self) -> Response<B> {
        let mut response = Response::new(B::from(self.body()));
        response.extensions_mut().insert(self.reason());
        *response.status_mut() = self.status();
        *response.headers_mut() = self.headers();
        response
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("reason", &self.0.reason)
            .field("status", &self.0.status)
            .field("scope", &self.0.scope)
            .field("step_up", &self.0.step_up)
            .field("retry_after", &self.0.retry_after)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.reason.description())
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Response<String> {
    fn from(rejection: Rejection) -> Self {
        rejection.into_response()
    }
}
