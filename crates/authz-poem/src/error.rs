use authz_core::{MissingGuard, Rejection};
use poem::{
    Response,
    error::ResponseError,
    http::{self, StatusCode},
};

/// Why a request is not served: what the middleware and the extractors of this crate fail with.
///
/// It answers by itself. To answer otherwise, or to count, catch it:
///
/// ```
/// use authz_poem::{AuthorizationError, Authorizer, RequireExt as _, any_valid_token};
/// use poem::{Endpoint, EndpointExt as _, Response, Route, error::ResponseError as _, get, handler};
///
/// #[handler]
/// fn me() -> &'static str {
///     "you"
/// }
///
/// fn api(authorizer: &Authorizer) -> impl Endpoint {
///     Route::new()
///         .at("/me", get(me).with(authorizer.require(any_valid_token())))
///         .catch_error(|error: AuthorizationError| async move {
///             if let AuthorizationError::Refused(rejection) = &error {
///                 eprintln!("refused: {}", rejection.reason());
///             }
///             error.as_response()
///         })
/// }
/// ```
///
/// Also what a handler returns that applies a policy of its own:
///
/// ```
/// use authz_poem::{AuthorizationError, Authorized, permission};
/// use poem::handler;
///
/// #[handler]
/// async fn delete(caller: Authorized) -> Result<&'static str, AuthorizationError> {
///     caller.check(&permission("delete:messages"))?;
///     Ok("deleted")
/// }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The request is refused: answered with what the rejection says.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// No middleware stands before the handler: answered with 500.
    #[error(transparent)]
    MissingGuard(#[from] MissingGuard),
}

/// The error of a refused request, with the reason for the response's extensions: poem takes those from
/// the error, and not from the response that it makes.
pub(crate) fn refused(rejection: Rejection) -> poem::Error {
    with_reason(AuthorizationError::from(rejection).into())
}

/// The same, for a handler's error: a policy that it applied itself may have refused the request.
pub(crate) fn with_reason(mut error: poem::Error) -> poem::Error {
    if let Some(AuthorizationError::Refused(rejection)) = error.downcast_ref() {
        let reason = rejection.reason();
        error.set_data(reason);
    }
    error
}

impl ResponseError for AuthorizationError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(rejection) => rejection.status(),
            Self::MissingGuard(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn as_response(&self) -> Response {
        response(match self {
            Self::Refused(rejection) => rejection.clone().into_response(),
            Self::MissingGuard(mistake) => mistake.into_response(),
        })
    }
}

/// A response of the core as one of poem's.
pub(crate) fn response(response: http::Response<String>) -> Response {
    let (parts, body) = response.into_parts();
    let mut response = Response::builder().status(parts.status).body(body);
    *response.headers_mut() = parts.headers;
    response
}
