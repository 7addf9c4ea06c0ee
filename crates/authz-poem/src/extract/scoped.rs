use std::{fmt, marker::PhantomData, ops::Deref};

use authz_core::{Claims, RequiredScope};
use poem::{FromRequest, Request, RequestBody, Result};

use super::{
    Authorized,
    authorized::{find, parts},
};
use crate::error::rejected;

/// Extracts the caller like [`Authorized`], and requires the scope `S` in addition to the middleware's policy.
///
/// A token without the scope gets the same 403 as from the middleware. [`required_scope!`](crate::required_scope)
/// declares the scope. An invalid scope does not compile.
///
/// ```
/// use authz_poem::{Scoped, required_scope};
/// use poem::handler;
///
/// required_scope!(pub ReadMessages = "read:messages");
///
/// #[handler]
/// async fn messages(caller: Scoped<ReadMessages>) -> String {
///     format!("for {:?}", caller.subject())
/// }
/// ```
///
/// ```compile_fail
/// authz_poem::required_scope!(pub ReadMessages = "read messages");
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

impl<'a, S, C> FromRequest<'a> for Scoped<S, C>
where
    S: RequiredScope,
    C: Send + Sync + 'static,
{
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let admitted = find::<Self, C>(request)?;
        let caller = admitted
            .require_scope::<S>(&parts(request))
            .map_err(rejected)?;
        Ok(Self::new(caller))
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
