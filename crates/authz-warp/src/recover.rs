use authz_core::Rejection;
use warp::{Reply, reject::Reject, reply::Response};

/// An authorization rejection, as the cause of a [`warp::Rejection`].
///
/// [`recover`] turns it into a response. Your own rejection handler can find it:
///
/// ```
/// use authz_warp::AuthorizationRejection;
/// use warp::{Rejection, Reply, http::StatusCode, reply::Response};
///
/// async fn recover(rejection: Rejection) -> Result<Response, Rejection> {
///     if let Some(ours) = rejection.find::<AuthorizationRejection>() {
///         eprintln!("rejected: {}", ours.rejection().reason());
///         return Ok(ours.clone().into_response());
///     }
///     if rejection.is_not_found() {
///         return Ok(StatusCode::NOT_FOUND.into_response());
///     }
///     Err(rejection)
/// }
/// ```
///
/// A handler that applies a policy itself rejects with it, too:
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

/// Responds to requests that a guard rejected, and passes other rejections on. Pass it to [`warp::Filter::recover`].
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
/// Returns any other rejection, for the next `recover` or warp's own response.
pub async fn recover(rejection: warp::Rejection) -> Result<Response, warp::Rejection> {
    match rejection.find::<AuthorizationRejection>() {
        Some(ours) => Ok(ours.clone().into_response()),
        None => Err(rejection),
    }
}

impl AuthorizationRejection {
    /// Returns the reason and the response.
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
