//! CORS outside everything else: preflights do not have a token, and must not reach a guard.

use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse};
use quickstart::{Cors, CorsRoute};
use tower::ServiceExt as _;
use tower_http::cors::CorsLayer;

/// Puts the CORS layer in front of `app`.
pub(crate) fn with_cors(app: Router, cors: Cors) -> Router {
    let layer = CorsLayer::new()
        .allow_origin(cors.origins().to_vec())
        .allow_methods(Cors::METHODS)
        .allow_headers(Cors::REQUEST_HEADERS)
        .expose_headers(Cors::RESPONSE_HEADERS);
    let behind_layer = app.clone().layer(layer);
    // The layer answers every `OPTIONS` request as a preflight.
    Router::new().fallback(async move |request: Request| {
        let (uri, headers) = (request.uri(), request.headers());
        let (route, fields) = cors.route(request.method(), uri.path(), headers);
        let mut answer = match route {
            CorsRoute::Layer => behind_layer.oneshot(request).await.into_response(),
            CorsRoute::Application => app.oneshot(request).await.into_response(),
            CorsRoute::NoContent => StatusCode::NO_CONTENT.into_response(),
        };
        answer.headers_mut().extend(fields);
        answer
    })
}
