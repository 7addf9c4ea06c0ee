use authz_core::{MissingGuard, Rejection};
use axum_core::response::{IntoResponse, Response};

/// The reason why an extractor of this crate failed.
///
/// A handler that applies a policy itself returns it, too:
///
/// ```
/// use authz_axum::{AuthorizationRejection, Authorized, permission};
///
/// async fn delete(caller: Authorized) -> Result<&'static str, AuthorizationRejection> {
///     caller.check(&permission("delete:messages"))?;
///     Ok("deleted")
/// }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationRejection {
    /// The request is rejected. The response has the status and header fields of the rejection.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The handler is not behind a layer. The response is 500.
    #[error(transparent)]
    MissingGuard(#[from] MissingGuard),
}

impl IntoResponse for AuthorizationRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(rejection) => rejection.into_response(),
            Self::MissingGuard(mistake) => mistake.into_response(),
        }
    }
}
