//! The endpoints around the API: health checks, metadata for clients, and errors for unknown paths and
//! methods.

use authz_axum::{Authorizer, RequireExt as _};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header::ALLOW},
    response::IntoResponse,
    routing::get,
};
use quickstart::{allowed_methods, method_not_allowed, not_found, readiness};

/// Adds the endpoints around `api`.
pub(crate) fn surrounded(api: Router, authorizer: Authorizer) -> Router {
    // The metadata exists only with `AUTHZ_RESOURCE`.
    let metadata = authorizer.metadata_routes().unwrap_or_default();
    Router::new()
        .route("/healthz", get("ok"))
        .route("/readyz", get(ready))
        .with_state(authorizer)
        .merge(api)
        .merge(metadata)
        .fallback(async || not_found())
        .method_not_allowed_fallback(async |uri: Uri| method_not_allowed(uri.path()))
}

/// Responds to `OPTIONS` from callers who may use the path. Preflights do not get here.
pub(crate) async fn allowed(uri: Uri) -> impl IntoResponse {
    let methods = allowed_methods(uri.path());
    (StatusCode::NO_CONTENT, [(ALLOW, methods)])
}

async fn ready(State(authorizer): State<Authorizer>) -> impl IntoResponse {
    readiness(&authorizer)
}
