use authz_core::{MissingGuard, Rejection};
use axum_core::response::{IntoResponse, Response};

/// Why an extractor of this crate failed.
///
/// Also what a handler returns that applies a policy of its own:
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
    /// The request is refused: answered with what the rejection says.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// No layer stands before the handler: answered with 500.
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
