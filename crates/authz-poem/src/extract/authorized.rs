use std::{fmt, ops::Deref};

use authz_core::{Admitted, Claims, RequestParts};
use poem::{FromRequest, PathPattern, Request, RequestBody, Result};

use crate::error::{AuthorizationError, refused};

/// Extracts the caller that the route's [`AuthorizationMiddleware`](crate::AuthorizationMiddleware)
/// let pass.
///
/// Dereferences to [`authz_core::Authorized`].
///
/// Where no middleware is, or one whose authorizer has claims of another type, the answer is 500 and
/// the log says so.
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

/// Extracts the caller, or nothing for a request without a token, which only an
/// [optional](crate::AuthorizationMiddleware::optional) middleware lets pass.
///
/// Use it rather than `Option<Authorized<C>>`: poem makes every failure of an extractor in an
/// `Option` into `None`, also that of a forgotten middleware, and behind [`FromData`](crate::FromData)
/// that of a bad token.
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
    /// The caller without poem's wrapping.
    #[must_use]
    pub fn into_inner(self) -> authz_core::Authorized<C> {
        self.0
    }
}

impl<'a, C: Send + Sync + 'static> FromRequest<'a> for Authorized<C> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let admitted = find::<Self, C>(request)?;
        let caller = admitted.require(&parts(request)).map_err(refused)?;
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

/// What a decision may look at, and what the log says of the request.
pub(super) fn parts(request: &Request) -> RequestParts<'_> {
    let parts = RequestParts::new(request.method(), request.uri(), request.headers());
    match request.data() {
        Some(PathPattern(route)) => parts.with_route(route),
        None => parts.with_shown_path(path(request)),
    }
}

/// The path for the operator. A nested route sees the end of it alone; a request that did not come
/// through poem's server has no original one.
pub(super) fn path(request: &Request) -> &str {
    let [original, here] = [request.original_uri().path(), request.uri().path()];
    if original.ends_with(here) {
        original
    } else {
        here
    }
}

/// For unit tests of handlers, with the testkit's `caller()`, and for applications that verify tokens
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
