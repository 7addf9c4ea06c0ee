//! CORS outside everything else: preflights do not have a token, and must not reach a guard.

use std::convert::Infallible;

use quickstart::{Cors, CorsRoute};
use warp::{
    Filter, Rejection, Reply,
    http::{HeaderMap, Method, StatusCode},
    reply::Response,
};

use crate::surroundings::whole_path;

/// Puts warp's CORS filter in front of `app`.
pub(crate) fn with_cors(
    app: impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
    cors: Cors,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let origins = cors.origins().iter();
    let layer = warp::cors()
        .allow_origins(origins.filter_map(|origin| origin.to_str().ok()))
        .allow_methods(Cors::METHODS)
        .allow_headers(Cors::REQUEST_HEADERS)
        .expose_headers(Cors::RESPONSE_HEADERS);
    // The filter responds with 403 to all requests of other origins.
    let route = (warp::method().and(whole_path()))
        .and(warp::header::headers_cloned())
        .map(move |method: Method, path: String, headers: HeaderMap| {
            cors.route(&method, &path, &headers)
        });
    let by = |answering| {
        (route.clone()).and_then(move |(route, fields)| async move {
            match route == answering {
                true => Ok(fields),
                false => Err(warp::reject()),
            }
        })
    };
    let plain = by(CorsRoute::Application).and(app.clone()).map(with_fields);
    let layered = by(CorsRoute::Layer).and(app.with(layer)).map(with_fields);
    let no_content = by(CorsRoute::NoContent);
    let no_content = no_content.map(|fields| with_fields(fields, StatusCode::NO_CONTENT));
    plain.or(layered).unify().or(no_content).unify()
}

/// Replaces these fields of `answer`.
pub(crate) fn with_fields(fields: HeaderMap, answer: impl Reply) -> Response {
    let mut answer = answer.into_response();
    answer.headers_mut().extend(fields);
    answer
}
