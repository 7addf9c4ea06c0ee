use authz_core::{MissingGuard, Rejection};
use poem::{
    Response,
    error::ResponseError,
    http::{self, StatusCode},
};

/// The error of this crate's middleware and extractors.
///
/// poem turns it into the response. Catch it to respond differently or to count rejections:
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
///                 eprintln!("rejected: {}", rejection.reason());
///             }
///             error.as_response()
///         })
/// }
/// ```
///
/// A handler that applies a policy itself returns it, too:
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
    /// The request is rejected. The response has the status and header fields of the rejection.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The handler is not behind a middleware. The response is 500.
    #[error(transparent)]
    MissingGuard(#[from] MissingGuard),
}

/// Returns the error of a rejected request, with the reason for the response's extensions. poem takes these from
/// the error and not from its response.
pub(crate) fn rejected(rejection: Rejection) -> poem::Error {
    with_reason(AuthorizationError::from(rejection).into())
}

/// Adds the reason to a handler's error, because the handler may have applied a policy itself.
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

/// Converts a response of the core into poem's.
pub(crate) fn response(response: http::Response<String>) -> Response {
    let (parts, body) = response.into_parts();
    let mut response = Response::builder().status(parts.status).body(body);
    *response.headers_mut() = parts.headers;
    response
}
