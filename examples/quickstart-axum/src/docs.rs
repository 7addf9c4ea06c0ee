//! The OpenAPI document at `/openapi.json`, and a page at `/docs` to read it and to try the API.

use authz_axum::openapi::IssuerModifier;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Redirect,
    routing::get,
};
use quickstart::Docs;
use utoipa::{
    Modify as _,
    openapi::{Info, OpenApi},
};

/// Returns the routes of the document and of the page.
pub(crate) fn docs(mut document: OpenApi, docs: Docs) -> Router {
    document.info = Info::new("Quickstart API", env!("CARGO_PKG_VERSION"));
    // Made for each request, because the issuer's endpoints may not be known yet.
    let document = async move |State(docs): State<Docs>| {
        let mut document = document.clone();
        IssuerModifier(docs.scheme().await).modify(&mut document);
        Json(document)
    };
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(async || Redirect::to("/docs/")))
        .route(
            "/docs/",
            get(async |State(docs): State<Docs>| docs.file("")),
        )
        .route("/docs/{*path}", get(file))
        .with_state(docs)
}

async fn file(
    State(docs): State<Docs>,
    Path(path): Path<String>,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    docs.file(&path)
}
