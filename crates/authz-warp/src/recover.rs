use authz_core::Rejection;
use warp::{Reply, reject::Reject, reply::Response};

/// A request that is refused, as a cause in a [`warp::Rejection`].
///
/// [`recover`] answers it. In a rejection handler of your own, find it first:
///
/// ```
/// use authz_warp::AuthorizationRejection;
/// use warp::{Rejection, Reply, http::StatusCode, reply::Response};
///
/// async fn recover(rejection: Rejection) -> Result<Response, Rejection> {
///     if let Some(refused) = rejection.find::<AuthorizationRejection>() {
///         eprintln!("refused: {}", refused.rejection().reason());
///         return Ok(refused.clone().into_response());
///     }
///     if rejection.is_not_found() {
///         return Ok(StatusCode::NOT_FOUND.into_response());
///     }
///     Err(rejection)
/// }
/// ```
///
/// Also what a handler rejects with that applies a policy of its own:
///
/// ```
/// use authz_warp::{AuthorizationRejection, Authorized, permission};
///
/// async fn delete(caller: Authorized) -> Result<&'static str, warp::Rejection> {
///     caller
///         .check(&permission("delete:messages"))
///         .map_err(AuthorizationRejection::from)?;
///     Ok("deleted")
/// }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct AuthorizationRejection(#[from] Rejection);

/// Answers requests that were refused, and leaves other rejections to others.
///
/// ```
/// use authz_warp::{Authorized, Authorizer, RequireExt as _, any_valid_token};
/// use warp::{Filter, Reply};
///
/// fn api(authorizer: Authorizer) -> impl Filter<Extract = (impl Reply,)> + Clone {
///     let me = warp::path!("me")
///         .and(warp::get())
///         .and(authorizer.require(any_valid_token()))
///         .map(|caller: Authorized| format!("{:?}", caller.subject()));
///     let public = warp::path!("public").map(|| "hello");
///     me.or(public).recover(authz_warp::recover)
/// }
/// ```
///
/// # Errors
///
/// The rejection, where it is none of ours: for the next `recover`, or warp's own answer.
pub async fn recover(rejection: warp::Rejection) -> Result<Response, warp::Rejection> {
    match rejection.find::<AuthorizationRejection>() {
        Some(refused) => Ok(refused.clone().into_response()),
        None => Err(rejection),
    }
}

impl AuthorizationRejection {
    /// Why, and how to say so.
    #[must_use]
    pub const fn rejection(&self) -> &Rejection {
        &self.0
    }
}

impl Reject for AuthorizationRejection {}

impl Reply for AuthorizationRejection {
    fn into_response(self) -> Response {
        let response: http::Response<String> = self.0.into_response();
        response.into_response()
    }
}
