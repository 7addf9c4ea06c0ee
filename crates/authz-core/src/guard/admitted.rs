//! What an adapter's middleware leaves in a request for its extractors.

use std::{any, fmt, sync::Arc};

use http::{
    Extensions, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use super::Guard;
use crate::{
    authorizer::{Authorized, events},
    claims::Claims,
    policy::RequiredScope,
    rejection::{Api, Reason, Rejection},
    request::RequestParts,
    untrusted::Excerpt,
    validation::ValidationError,
};

/// A request that a [`Guard`] let pass, with its caller if it has one.
///
/// An adapter's middleware puts it into the request's extensions, so that extractors can tell a
/// request without a token from one that nobody looked at.
pub struct Admitted<C = Claims>(Caller<C>);

enum Caller<C> {
    Known(Authorized<C>),
    /// With what it takes to ask for one.
    Nobody {
        api: Arc<Api>,
        /// The scopes to ask for.
        scope: Option<Arc<str>>,
    },
}

/// An extractor runs in a handler before which no token was checked: a mistake in the
/// application's routes, answered with 500 and never with access.
///
/// The operator's log says which extractor on which path; the answer says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the handler needs a caller, but nothing checked the request's token")]
#[non_exhaustive]
pub struct MissingGuard;

impl<C> Guard<C> {
    /// What to put into the extensions of a request that passes.
    #[must_use]
    pub fn admitted(&self, caller: Option<Authorized<C>>) -> Admitted<C> {
        Admitted(match caller {
            Some(caller) => Caller::Known(caller),
            None => Caller::Nobody {
                api: Arc::clone(&self.authorizer().state.api),
                scope: self.wanted_scope(),
            },
        })
    }
}

impl<C: Send + Sync + 'static> Admitted<C> {
    /// The one in `extensions`, for the extractor of type `E`.
    ///
    /// # Errors
    ///
    /// When there is none: the route's guard was forgotten, or is one for another claims type.
    /// It has been logged.
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
    /// The caller; `None` for a request without a token where that is optional.
    #[must_use]
    pub const fn caller(&self) -> Option<&Authorized<C>> {
        match &self.0 {
            Caller::Known(caller) => Some(caller),
            Caller::Nobody { .. } => None,
        }
    }

    /// The caller, for a handler that needs one even where the guard let requests without a token pass.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
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
                events::refused(&refusal, None, None, Some(request));
                let scope = scope.as_deref().or(more).map(str::to_owned);
                Err(Rejection::new(refusal.reason, api).with_scope(scope))
            }
        }
    }

    /// The caller, for a handler that needs the scope `S`.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with. It has been logged.
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
    /// Logs the mistake: the extractor of type `E`, the request's path, and what to do.
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

    /// The answer: 500, with a body that tells nothing.
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
