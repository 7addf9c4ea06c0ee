//! What no route answers: paths that nobody serves, and methods that a path does not take.

use std::convert::Infallible;

use quickstart::Problem;
use warp::{
    Filter, Rejection, Reply, http,
    path::{self, FullPath},
    reject::MethodNotAllowed,
    reply::Response,
};

/// `routes` for exactly the paths that they name, and an answer to everything else.
pub(crate) fn exact<R: Reply>(
    routes: impl Filter<Extract = (R,), Error = Rejection> + Clone + Send + Sync,
) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    // The rejection handlers of `recover` are not told of which path: `Allow` depends on it.
    let outcome = no_slash_at_the_end()
        .and(routes)
        .map(Ok)
        .or_else(async |rejection| Ok::<_, Infallible>((Err(rejection),)));
    path::full().and(outcome).map(
        |path: FullPath, outcome: Result<R, Rejection>| match outcome {
            Ok(reply) => reply.into_response(),
            Err(rejection) => unanswered(&path, &rejection),
        },
    )
}

/// warp takes `/api/me/` for `/api/me`.
fn no_slash_at_the_end() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    path::full()
        .and_then(async |path: FullPath| match path.as_str().ends_with('/') {
            true => Err(warp::reject::not_found()),
            false => Ok(()),
        })
        .untuple_one()
}

fn unanswered(path: &FullPath, rejection: &Rejection) -> Response {
    let problem = match rejection.find::<MethodNotAllowed>() {
        Some(_) => Problem::method_not_allowed(path.as_str()),
        None => Problem::NOT_FOUND,
    };
    http::Response::from(problem).into_response()
}
