//! CORS outside everything else: preflights do not have a token, and must not reach a guard.

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt as _, IntoResponse, Request, Response, endpoint, http::StatusCode,
    middleware,
};
use quickstart::{Cors, CorsRoute};

/// Puts the CORS middleware in front of `app`.
pub(crate) fn with_cors(
    app: impl Endpoint<Output = Response> + 'static,
    cors: Cors,
) -> impl Endpoint<Output = Response> {
    let middleware = middleware::Cors::new()
        .allow_origins(cors.origins())
        .allow_methods(Cors::METHODS)
        .allow_headers(Cors::REQUEST_HEADERS)
        .expose_headers(Cors::RESPONSE_HEADERS);
    let app = Arc::new(app);
    let behind_middleware = Arc::new(app.clone().with(middleware));
    // The middleware responds with 403 to all requests of other origins, and with 405 to `OPTIONS`
    // requests that aren't preflights.
    endpoint::make(move |request: Request| {
        let (app, behind_middleware) = (app.clone(), behind_middleware.clone());
        let (uri, headers) = (request.uri(), request.headers());
        let (route, fields) = cors.route(request.method(), uri.path(), headers);
        async move {
            let mut answer = match route {
                CorsRoute::Layer => behind_middleware.get_response(request).await,
                CorsRoute::Application => app.get_response(request).await,
                CorsRoute::NoContent => StatusCode::NO_CONTENT.into_response(),
            };
            answer.headers_mut().extend(fields);
            answer
        }
    })
}
