use authz_core::{Authorizer, RequiredScope, any_valid_token, scope};
use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{AuthorizationRejection, Authorized, Scoped};
use crate::path_params::request_parts;

/// Verifies the request's token in the extractor, with the [`Authorizer`] from the router's state.
///
/// For routes without a layer.
///
/// | extractor | allows |
/// |---|---|
/// | `FromState<Authorized<C>>` | any valid token |
/// | `FromState<Option<Authorized<C>>>` | any valid token, or none: `None` |
/// | `FromState<Scoped<S, C>>` | tokens with the scope `S` |
///
/// The state must be an `Authorizer<C>`, or `Authorizer<C>` must implement
/// [`FromRef`](https://docs.rs/axum/0.8/axum/extract/trait.FromRef.html) for the state.
///
/// ```
/// use authz_axum::{Authorized, Authorizer, FromState};
/// use axum::{Router, extract::FromRef, routing::get};
///
/// #[derive(Clone)]
/// struct AppState {
///     authorizer: Authorizer,
/// }
///
/// impl FromRef<AppState> for Authorizer {
///     fn from_ref(state: &AppState) -> Self {
///         state.authorizer.clone()
///     }
/// }
///
/// async fn me(FromState(caller): FromState<Authorized>) -> String {
///     format!("{:?}", caller.subject())
/// }
///
/// fn api(authorizer: Authorizer) -> Router {
///     Router::new().route("/me", get(me)).with_state(AppState { authorizer })
/// }
/// ```
#[derive(Clone, Debug)]
pub struct FromState<T>(pub T);

impl<C, S> FromRequestParts<S> for FromState<Authorized<C>>
where
    C: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
    Authorizer<C>: FromRef<S>,
{
    type Rejection = AuthorizationRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let request = request_parts(parts);
        let caller = Authorizer::from_ref(state)
            .authorize(&request, &any_valid_token())
            .await?;
        Ok(Self(Authorized(caller)))
    }
}

impl<C, S> FromRequestParts<S> for FromState<Option<Authorized<C>>>
where
    C: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
    Authorizer<C>: FromRef<S>,
{
    type Rejection = AuthorizationRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let request = request_parts(parts);
        let caller = Authorizer::from_ref(state)
            .authorize_optional(&request, &any_valid_token())
            .await?;
        Ok(Self(caller.map(Authorized)))
    }
}

impl<R, C, S> FromRequestParts<S> for FromState<Scoped<R, C>>
where
    R: RequiredScope,
    C: DeserializeOwned + Send + Sync + 'static,
    S: Send + Sync,
    Authorizer<C>: FromRef<S>,
{
    type Rejection = AuthorizationRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let request = request_parts(parts);
        let authorizer = Authorizer::from_ref(state);
        let caller = authorizer.authorize(&request, &scope(R::NAME)).await?;
        Ok(Self(Scoped::new(caller)))
    }
}
