use std::sync::Arc;

use authz_core::{MetadataError, ResourceMetadata};
use poem::{Request, Response, Route, endpoint::make_sync, get};

use crate::{error::response, original_uri::original_uri};

/// Adds the routes of the metadata to `route`, each for `GET`, `HEAD` and `OPTIONS`.
pub(crate) fn routes(
    metadata: Option<&ResourceMetadata>,
    route: Route,
) -> Result<Route, MetadataError> {
    let metadata = metadata.ok_or_else(MetadataError::missing_resource)?;
    let shared = metadata.clone();
    let answer = Arc::new(make_sync(move |request: Request| -> Response {
        // Within a nested route, the rest of the path would match at an address that clients do not use.
        let uri = original_uri(&request).unwrap_or(request.uri());
        response(shared.response(request.method(), uri.path()))
    }));
    metadata.paths().try_fold(route, |route, path| {
        let unroutable = || MetadataError::unroutable(path);
        // poem merges consecutive slashes.
        if path.contains("//") {
            return Err(unroutable());
        }
        let methods = get(Arc::clone(&answer)).options(Arc::clone(&answer));
        route
            .try_at(pattern(path), methods)
            .map_err(|_| unroutable())
    })
}

/// Returns `path` as a pattern. Within a regular expression, poem does not parse `:` and `*` as parameters.
fn pattern(path: &str) -> String {
    if !path.contains([':', '*']) {
        return path.to_owned();
    }
    let escaped = path.chars().map(|it| match it {
        it if it.is_ascii_alphanumeric() => it.to_string(),
        it => format!(r"\{it}"),
    });
    // poem adds the leading slash and matches the rest of the path.
    format!("/<^{}$>", escaped.skip(1).collect::<String>())
}
