use std::future::ready;

use authz_core::{MetadataError, ResourceMetadata};
use http::Method;
use warp::{Filter, Reply, path::FullPath, reply::Response};

use crate::get_or_head;

/// Returns the routes of the metadata, for `GET`, `HEAD` and `OPTIONS`.
pub(crate) fn routes(
    metadata: Option<&ResourceMetadata>,
) -> Result<
    impl Filter<Extract = (Response,), Error = warp::Rejection> + Clone + Send + Sync + 'static + use<>,
    MetadataError,
> {
    let metadata = metadata
        .ok_or_else(MetadataError::missing_resource)?
        .clone();
    let shared = metadata.clone();
    // `full` panics if the target does not have a path, so the path filters come first.
    let path = warp::path(".well-known")
        .and(warp::path("oauth-protected-resource"))
        .and(warp::path::full())
        .and_then(move |path: FullPath| {
            let is_found = shared.paths().any(|it| it == path.as_str());
            ready(is_found.then_some(path).ok_or_else(warp::reject::not_found))
        });
    Ok(path
        .and(get_or_head().or(warp::options()).unify())
        .and(warp::method())
        .map(move |path: FullPath, method: Method| {
            let response = metadata.response::<String>(&method, path.as_str());
            response.into_response()
        }))
}
