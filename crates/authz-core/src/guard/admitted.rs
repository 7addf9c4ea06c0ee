//! Passes a decision from an adapter's middleware to its extractors.

use std::{any, fmt, sync::Arc};

use http::{
    Extensions, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use super::Guard;
use crate::{
    authorizer::{
        Authorized,
        events::{self, TokenDetails},
    },
    claims::Claims,
    policy::RequiredScope,
    rejection::{ApiSettings, Reason, Rejection},
    request::RequestParts,
    untrusted::Excerpt,
    validation::ValidationError,
};

/// A request that a [`Guard`] allowed, with its caller if it has one.
///
/// An adapter's middleware puts it into the request's extensions. Extractors then distinguish an
/// unauthenticated request from an unguarded route.
pub struct Admitted<C = Claims>(Caller<C>);

enum Caller<C> {
    Known(Authorized<C>),
    /// A request without a token, and the settings to reject it if a handler requires one.
    Nobody {
        api: Arc<ApiSettings>,
        /// The scopes to request.
        scope: Option<Arc<str>>,
    },
}

/// A handler with an extractor runs, but no guard has checked the request's token. It is a mistake in
/// the application's routes, and the response is 500.
///
/// The log names the extractor and the path. The response does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the handler needs a caller, but nothing checked the request's token")]
#[non_exhaustive]
pub struct MissingGuard;

impl<C> Guard<C> {
    /// Returns the value for the extensions of an allowed request.
    #[must_use]
    pub fn admitted(&self, caller: Option<Authorized<C>>) -> Admitted<C> {
        Admitted(match caller {
            Some(caller) => Caller::Known(caller),
            None => Caller::Nobody {
                api: Arc::clone(&self.authorizer().state.api),
                scope: self.0.wanted_scope.clone(),
            },
        })
    }
}

impl<C: Send + Sync + 'static> Admitted<C> {
    /// Finds the value in `extensions`, for the extractor of type `E`.
    ///
    /// # Errors
    ///
    /// Returns an error if the route does not have a guard, or has one for another claims type. It has
    /// been logged.
    pub fn find<'e, E>(extensions: &'e Extensions, path: &str) -> Result<&'e Self, MissingGuard> {
        extensions.get::<Self>().ok_or_else(|| {
            MissingGuard::log::<E>(
                path,
                "put `authorizer.require(policy)` before this handler; its authorizer's claims have \
                 to be of the same type as the extractor's",
            )
        })
    }
}

impl<C> Admitted<C> {
    /// Returns the caller, or `None` for a request without a token if the token is optional.
    #[must_use]
    pub const fn caller(&self) -> Option<&Authorized<C>> {
        match &self.0 {
            Caller::Known(caller) => Some(caller),
            Caller::Nobody { .. } => None,
        }
    }

    /// Returns the caller, for a handler that requires one behind an optional guard.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub fn require(&self, request: &RequestParts<'_>) -> Result<Authorized<C>, Rejection> {
        self.require_asking_for(None, request)
    }

    fn require_asking_for(
        &self,
        more: Option<&str>,
        request: &RequestParts<'_>,
    ) -> Result<Authorized<C>, Rejection> {
        match &self.0 {
            Caller::Known(caller) => Ok(caller.clone()),
            Caller::Nobody { api, scope } => {
                let refusal = ValidationError::new(Reason::MissingToken);
                api.metrics.refused(None, refusal.reason);
                let rejection = Rejection::new(refusal.reason, api);
                events::refused(
                    &rejection,
                    &refusal,
                    &TokenDetails::default(),
                    Some(request),
                );
                let scope = scope.as_deref().or(more).map(str::to_owned);
                Err(rejection.with_scope(scope))
            }
        }
    }

    /// Returns the caller, for a handler that requires the scope `S`.
    ///
    /// # Errors
    ///
    /// Returns the [`Rejection`] to respond with. It has been logged.
    pub fn require_scope<S: RequiredScope>(
        &self,
        request: &RequestParts<'_>,
    ) -> Result<Authorized<C>, Rejection> {
        let caller = self.require_asking_for(Some(S::NAME), request)?;
        caller.verified().check_scope::<S>(Some(request))?;
        Ok(caller)
    }
}

impl MissingGuard {
    /// Logs the mistake: the extractor of type `E`, the request's path, and a hint.
    #[must_use]
    pub fn log<E>(path: &str, hint: &'static str) -> Self {
        tracing::error!(
            target: "authz",
            reason = "missing_guard",
            extractor = any::type_name::<E>(),
            path = %Excerpt(path),
            hint,
            "handler without authorization"
        );
        Self
    }

    /// Returns the response: 500, with a body that reveals nothing.
    pub fn into_response<B: From<String>>(self) -> Response<B> {
        let body = r#"{"error":"server_error","error_description":"the request can't be handled"}"#;
        let mut response = Response::new(B::from(body.to_owned()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl<C> Clone for Admitted<C> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Caller::Known(caller) => Caller::Known(caller.clone()),
            Caller::Nobody { api, scope } => Caller::Nobody {
                api: Arc::clone(api),
                scope: scope.clone(),
            },
        })
    }
}

impl<C> fmt::Debug for Admitted<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted")
            .field("caller", &self.caller())
            .finish_non_exhaustive()
    }
}
