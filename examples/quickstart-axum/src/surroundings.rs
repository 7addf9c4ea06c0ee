//! What stands around the API: the answers to probes, to clients that look for the issuer, and to
//! requests for what is not there.

use authz_axum::Authorizer;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, Uri, header::ALLOW},
    response::IntoResponse,
    routing::get,
};
use quickstart::{METADATA, Problem, allowed_methods, readiness, resource_metadata};

/// `api` and all that stands around it.
pub(crate) fn surrounded(api: Router, authorizer: Authorizer) -> Router {
    Router::new()
        .route("/healthz", get("ok"))
        .route("/readyz", get(ready))
        .route(METADATA, get(metadata))
        .route(&format!("{METADATA}/{{*path}}"), get(metadata))
        .with_state(authorizer)
        .merge(api)
        .fallback(async || Problem::NOT_FOUND.into_parts())
        .method_not_allowed_fallback(async |uri: Uri| {
            Problem::method_not_allowed(uri.path()).into_parts()
        })
}

/// `OPTIONS`, of those who may use the path. Preflights are answered before they get here.
pub(crate) async fn allowed(uri: Uri) -> impl IntoResponse {
    let methods = allowed_methods(uri.path());
    (StatusCode::NO_CONTENT, [(ALLOW, methods)])
}

async fn ready(State(authorizer): State<Authorizer>) -> impl IntoResponse {
    readiness(&authorizer)
}

/// Where tokens for this API come from (RFC 9728).
async fn metadata(State(authorizer): State<Authorizer>, uri: Uri) -> impl IntoResponse {
    match resource_metadata(&authorizer, uri.path()) {
        Some(metadata) => Json(metadata).into_response(),
        None => Problem::NOT_FOUND.into_parts().into_response(),
    }
}
