use std::{fmt, ops::Deref};

use authz_core::{Admitted, Claims};
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::AuthorizationRejection;
use crate::path_params::request_parts;

/// Extracts the caller that the route's [`AuthorizationLayer`](crate::AuthorizationLayer) has verified.
///
/// Dereferences to [`authz_core::Authorized`]. `Option<Authorized<C>>` is `None` for a request without a token,
/// which only an [optional](crate::AuthorizationLayer::optional) layer allows.
///
/// Without a layer, or with one whose claims have another type, the response is 500, and the log names the
/// extractor and the path.
///
/// ```
/// use authz_axum::Authorized;
///
/// #[derive(serde::Deserialize)]
/// struct MyClaims {
///     org_id: String,
/// }
///
/// async fn me(caller: Authorized<MyClaims>) -> String {
///     format!("{:?} of {}, with {}", caller.subject(), caller.claims().org_id, caller.scopes())
/// }
///
/// async fn greet(caller: Option<Authorized<MyClaims>>) -> String {
///     let name = caller.as_ref().and_then(|it| it.subject()).unwrap_or("stranger");
///     format!("hello {name}")
/// }
/// ```
pub struct Authorized<C = Claims>(pub(super) authz_core::Authorized<C>);

impl<C> Authorized<C> {
    /// Returns the caller as the core's type.
    #[must_use]
    pub fn into_inner(self) -> authz_core::Authorized<C> {
        self.0
    }
}

impl<C, S> FromRequestParts<S> for Authorized<C>
where
    C: Send + Sync + 'static,
    S: Sync,
{
    type Rejection = AuthorizationRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let admitted = Admitted::find::<Self>(&parts.extensions, parts.uri.path())?;
        Ok(Self(admitted.require(&request_parts(parts))?))
    }
}

impl<C, S> OptionalFromRequestParts<S> for Authorized<C>
where
    C: Send + Sync + 'static,
    S: Sync,
{
    type Rejection = AuthorizationRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        let admitted = Admitted::find::<Option<Self>>(&parts.extensions, parts.uri.path())?;
        Ok(admitted.caller().cloned().map(Self))
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

impl<C> fmt::Debug for Authorized<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
