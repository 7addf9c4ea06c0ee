use authz_core::{MetadataError, ResourceMetadata};
use axum::{Router, body::Body, extract::OriginalUri, routing::get};
use http::{Method, Response, StatusCode, Uri};

/// Returns the routes of the metadata, each for `GET`, `HEAD` and `OPTIONS`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    metadata: Option<&ResourceMetadata>,
) -> Result<Router<S>, MetadataError> {
    let metadata = metadata.ok_or_else(MetadataError::missing_resource)?;
    let shared = metadata.clone();
    let answer = async move |method: Method, uri: Uri, OriginalUri(original): OriginalUri| {
        if !shared.paths().any(|it| it == uri.path()) {
            let mut not_found = Response::new(Body::empty());
            *not_found.status_mut() = StatusCode::NOT_FOUND;
            return not_found;
        }
        // Within a nested router, the rest of the path would match at an address that clients do not use.
        shared.response(&method, original.path())
    };
    Ok(metadata.paths().fold(Router::new(), |router, path| {
        router.route(&pattern(path), get(answer.clone()).options(answer.clone()))
    }))
}

/// Returns `path` as a pattern. Routers panic at segments in the syntax of axum 0.7, so these segments match
/// anything, and the handler compares the path.
fn pattern(path: &str) -> String {
    let segments = path.split('/').enumerate();
    let segments = segments.map(|(at, segment)| match segment.starts_with([':', '*']) {
        true => format!("{{segment_{at}}}"),
        false => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
