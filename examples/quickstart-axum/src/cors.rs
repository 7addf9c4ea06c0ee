//! CORS, outside of everything: a preflight comes without a token, and never reaches a guard.

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use quickstart::{Cors, CorsRoute};
use tower::ServiceExt as _;
use tower_http::cors::CorsLayer;

/// `app`, with the CORS layer in front.
pub(crate) fn with_cors(app: Router, cors: Cors) -> Router {
    let layer = CorsLayer::new()
        .allow_origin(cors.origins().to_vec())
        .allow_methods(Cors::METHODS)
        .allow_headers(Cors::REQUEST_HEADERS)
        .expose_headers(Cors::RESPONSE_HEADERS);
    let behind_layer = app.clone().layer(layer);
    // The layer answers every `OPTIONS` request, and takes those that aren't preflights for some.
    Router::new().fallback(async move |request: Request| {
        let (uri, headers) = (request.uri(), request.headers());
        match cors.route(request.method(), uri.path(), headers) {
            CorsRoute::Layer(fields) => answer(behind_layer, request, fields).await,
            CorsRoute::Application(fields) => answer(app, request, fields).await,
            CorsRoute::NoContent(fields) => (StatusCode::NO_CONTENT, fields).into_response(),
        }
    })
}

async fn answer(app: Router, request: Request, fields: HeaderMap) -> Response {
    let mut answer = app.oneshot(request).await.into_response();
    answer.headers_mut().extend(fields);
    answer
}
