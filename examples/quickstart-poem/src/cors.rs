//! CORS, outside of everything: a preflight comes without a token, and never reaches a guard.

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt as _, IntoResponse, Request, Response, endpoint, http::StatusCode,
    middleware,
};
use quickstart::{Cors, CorsRoute};

/// `app`, with the CORS middleware in front.
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
    // The middleware answers 403 to other origins, whatever they ask for, and 405 to `OPTIONS`
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
