use std::{fmt, marker::PhantomData, ops::Deref};

use authz_core::{Admitted, Claims, RequiredScope};
use axum_core::extract::FromRequestParts;
use http::request::Parts;

use super::{AuthorizationRejection, Authorized};
use crate::path_params::request_parts;

/// Extracts the caller like [`Authorized`], and requires the scope `S` in addition to the layer's policy.
///
/// A token without the scope gets the same 403 as from the layer. [`required_scope!`](crate::required_scope)
/// declares the scope. An invalid scope does not compile.
///
/// ```
/// use authz_axum::{Scoped, required_scope};
///
/// required_scope!(pub ReadMessages = "read:messages");
///
/// async fn messages(caller: Scoped<ReadMessages>) -> String {
///     format!("for {:?}", caller.subject())
/// }
/// ```
///
/// ```compile_fail
/// authz_axum::required_scope!(pub ReadMessages = "read messages");
/// ```
pub struct Scoped<S, C = Claims>(Authorized<C>, PhantomData<fn() -> S>);

impl<S, C> Scoped<S, C> {
    pub(super) const fn new(caller: authz_core::Authorized<C>) -> Self {
        Self(Authorized(caller), PhantomData)
    }

    /// Returns the caller.
    #[must_use]
    pub fn into_inner(self) -> Authorized<C> {
        self.0
    }
}

impl<S, C, State> FromRequestParts<State> for Scoped<S, C>
where
    S: RequiredScope,
    C: Send + Sync + 'static,
    State: Sync,
{
    type Rejection = AuthorizationRejection;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        let admitted = Admitted::find::<Self>(&parts.extensions, parts.uri.path())?;
        Ok(Self::new(
            admitted.require_scope::<S>(&request_parts(parts))?,
        ))
    }
}

impl<S, C> Deref for Scoped<S, C> {
    type Target = authz_core::Authorized<C>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S, C> Clone for Scoped<S, C> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<S, C> fmt::Debug for Scoped<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
