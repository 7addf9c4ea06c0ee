//! What stands around the API: the answers to probes, to clients that look for the issuer, and to
//! requests for what is not there.

use authz_poem::{Authorizer, MetadataError, RequireExt as _};
use poem::{
    Endpoint, EndpointExt as _, IntoResponse, Response, Route,
    error::{MethodNotAllowedError, NotFoundError},
    get, handler,
    http::{StatusCode, Uri, header::ALLOW},
    web::{Data, Json},
};
use quickstart::{allowed_methods, method_not_allowed, not_found, readiness};
use serde::Serialize;

/// `api` and all that stands around it.
pub(crate) fn surrounded(
    api: Route,
    authorizer: Authorizer,
) -> Result<impl Endpoint<Output = Response>, MetadataError> {
    let routes = api.at("/healthz", get(live)).at("/readyz", get(ready));
    // Without `AUTHZ_RESOURCE` there is nothing to describe.
    let routes = match authorizer.resource_metadata() {
        Some(_) => authorizer.metadata_routes(routes)?,
        None => routes,
    };
    let app = routes
        .data(authorizer)
        .catch_error(async |_: NotFoundError| not_found())
        // `catch_error` is not told of which path, and `Allow` depends on it.
        .around(async |app, request| {
            let path = request.uri().path().to_owned();
            let answer = app.call(request).await;
            answer.or_else(|error| {
                error.downcast::<MethodNotAllowedError>()?;
                Ok(method_not_allowed(&path).into_response())
            })
        });
    Ok(app)
}

/// `OPTIONS`, of those who may use the path. Preflights are answered before they get here.
#[handler]
pub(crate) fn allowed(uri: &Uri) -> Response {
    StatusCode::NO_CONTENT
        .with_header(ALLOW, allowed_methods(uri.path()))
        .into_response()
}

#[handler]
fn live() -> &'static str {
    "ok"
}

#[handler]
fn ready(Data(authorizer): Data<&Authorizer>) -> Response {
    let (status, text) = readiness(authorizer);
    text.with_status(status).into_response()
}

/// JSON without poem's `charset`, a parameter that it does not have (RFC 8259 section 11).
pub(crate) fn json(value: impl Serialize + Send) -> Response {
    Json(value)
        .with_content_type("application/json")
        .into_response()
}
