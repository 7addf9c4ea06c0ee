//! What stands around the API: the answers to probes, to clients that look for the issuer, and to
//! requests for what is not there.

use authz_axum::{Authorizer, RequireExt as _};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header::ALLOW},
    response::IntoResponse,
    routing::get,
};
use quickstart::{allowed_methods, method_not_allowed, not_found, readiness};

/// `api` and all that stands around it.
pub(crate) fn surrounded(api: Router, authorizer: Authorizer) -> Router {
    // Without `AUTHZ_RESOURCE` there is nothing to describe.
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

/// `OPTIONS`, of those who may use the path. Preflights are answered before they get here.
pub(crate) async fn allowed(uri: Uri) -> impl IntoResponse {
    let methods = allowed_methods(uri.path());
    (StatusCode::NO_CONTENT, [(ALLOW, methods)])
}

async fn ready(State(authorizer): State<Authorizer>) -> impl IntoResponse {
    readiness(&authorizer)
}
