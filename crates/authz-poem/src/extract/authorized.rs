use std::{fmt, ops::Deref};

use authz_core::{Admitted, Claims, RequestParts};
use poem::{FromRequest, PathPattern, Request, RequestBody, Result};

use crate::{
    error::{AuthorizationError, rejected},
    middleware::with_connection,
};

/// Extracts the caller that the route's [`AuthorizationMiddleware`](crate::AuthorizationMiddleware) has verified.
///
/// Dereferences to [`authz_core::Authorized`].
///
/// Without a middleware, or with one whose claims have another type, the response is 500, and the log names the
/// extractor and the path.
///
/// ```
/// use authz_poem::Authorized;
/// use poem::handler;
///
/// #[derive(serde::Deserialize)]
/// struct MyClaims {
///     org_id: String,
/// }
///
/// #[handler]
/// async fn me(caller: Authorized<MyClaims>) -> String {
///     format!("{:?} of {}, with {}", caller.subject(), caller.claims().org_id, caller.scopes())
/// }
/// ```
pub struct Authorized<C = Claims>(pub(super) authz_core::Authorized<C>);

/// Extracts the caller, or `None` for a request without a token, which only an
/// [optional](crate::AuthorizationMiddleware::optional) middleware allows.
///
/// Use it instead of `Option<Authorized<C>>`. poem turns every failure of an optional extractor into `None`, which
/// hides a missing middleware and, in [`FromData`](crate::FromData), an invalid token.
///
/// ```
/// use authz_poem::MaybeAuthorized;
/// use poem::handler;
///
/// #[handler]
/// async fn greet(MaybeAuthorized(caller): MaybeAuthorized) -> String {
///     let name = caller.as_ref().and_then(|it| it.subject()).unwrap_or("stranger");
///     format!("hello {name}")
/// }
/// ```
#[derive(Debug)]
pub struct MaybeAuthorized<C = Claims>(pub Option<Authorized<C>>);

impl<C> Authorized<C> {
    /// Returns the caller as the core's type.
    #[must_use]
    pub fn into_inner(self) -> authz_core::Authorized<C> {
        self.0
    }
}

impl<'a, C: Send + Sync + 'static> FromRequest<'a> for Authorized<C> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let admitted = find::<Self, C>(request)?;
        let caller = admitted.require(&parts(request)).map_err(rejected)?;
        Ok(Self(caller))
    }
}

impl<'a, C: Send + Sync + 'static> FromRequest<'a> for MaybeAuthorized<C> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let admitted = find::<Self, C>(request)?;
        Ok(Self(admitted.caller().cloned().map(Authorized)))
    }
}

pub(super) fn find<E, C>(request: &Request) -> Result<&Admitted<C>, AuthorizationError>
where
    C: Send + Sync + 'static,
{
    Admitted::find::<E>(request.extensions(), path(request)).map_err(AuthorizationError::from)
}

/// Returns the parts of a request for decisions and log lines of an extractor.
pub(super) fn parts(request: &Request) -> RequestParts<'_> {
    let parts = RequestParts::new(request.method(), request.uri(), request.headers());
    let parts = with_connection(parts, request);
    match request.data() {
        Some(PathPattern(route)) => parts.with_route(route),
        None => parts.with_shown_path(path(request)),
    }
}

/// Returns the path for log lines. A nested route sees only the end of the original path. A request that did not
/// come through poem's server does not have an original path.
pub(crate) fn path(request: &Request) -> &str {
    let [original, here] = [request.original_uri().path(), request.uri().path()];
    if original.ends_with(here) {
        original
    } else {
        here
    }
}

/// For unit tests of handlers with the testkit's `caller()`, and for applications that call the authorizer
/// themselves.
impl<C> From<authz_core::Authorized<C>> for Authorized<C> {
    fn from(caller: authz_core::Authorized<C>) -> Self {
        Self(caller)
    }
}

impl<C> From<Authorized<C>> for authz_core::Authorized<C> {
    fn from(caller: Authorized<C>) -> Self {
        caller.0
    }
}

impl<C> Deref for Authorized<C> {
    type Target = authz_core::Authorized<C>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<C> Clone for Authorized<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> Clone for MaybeAuthorized<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for Authorized<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
