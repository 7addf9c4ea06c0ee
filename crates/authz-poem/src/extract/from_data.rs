use authz_core::{Authorizer, MissingGuard, RequiredScope, any_valid_token, scope};
use poem::{FromRequest, Request, RequestBody, Result};
use serde::de::DeserializeOwned;

use super::{
    Authorized, MaybeAuthorized, Scoped,
    authorized::{parts, path},
};
use crate::error::{AuthorizationError, rejected};

/// Verifies the request's token in the extractor, with the [`Authorizer`] from the request's data.
///
/// For routes without a middleware.
///
/// | extractor | allows |
/// |---|---|
/// | `FromData<Authorized<C>>` | any valid token |
/// | `FromData<MaybeAuthorized<C>>` | any valid token, or none |
/// | `FromData<Scoped<S, C>>` | tokens with the scope `S` |
///
/// Without an `Authorizer<C>` in the data, the response is 500, and the log names the extractor and the path.
///
/// ```
/// use authz_poem::{Authorized, Authorizer, FromData};
/// use poem::{Endpoint, EndpointExt as _, Route, get, handler};
///
/// #[handler]
/// async fn me(FromData(caller): FromData<Authorized>) -> String {
///     format!("{:?}", caller.subject())
/// }
///
/// fn api(authorizer: Authorizer) -> impl Endpoint {
///     Route::new().at("/me", get(me)).data(authorizer)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct FromData<T>(pub T);

impl<'a, C> FromRequest<'a> for FromData<Authorized<C>>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let caller = authorizer::<Self, C>(request)?
            .authorize(&parts(request), &any_valid_token())
            .await
            .map_err(rejected)?;
        Ok(Self(Authorized(caller)))
    }
}

impl<'a, C> FromRequest<'a> for FromData<MaybeAuthorized<C>>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let caller = authorizer::<Self, C>(request)?
            .authorize_optional(&parts(request), &any_valid_token())
            .await
            .map_err(rejected)?;
        Ok(Self(MaybeAuthorized(caller.map(Authorized))))
    }
}

impl<'a, S, C> FromRequest<'a> for FromData<Scoped<S, C>>
where
    S: RequiredScope,
    C: DeserializeOwned + Send + Sync + 'static,
{
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let authorizer = authorizer::<Self, C>(request)?;
        let caller = authorizer
            .authorize(&parts(request), &scope(S::NAME))
            .await
            .map_err(rejected)?;
        Ok(Self(Scoped::new(caller)))
    }
}

fn authorizer<E, C>(request: &Request) -> Result<&Authorizer<C>, AuthorizationError>
where
    C: Send + Sync + 'static,
{
    request.data().ok_or_else(|| {
        MissingGuard::log::<E>(
            path(request),
            "put `.data(authorizer)` around this handler; its claims must have the same type as the extractor's",
        )
        .into()
    })
}
