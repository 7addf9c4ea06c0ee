//! What stands around the API: the answers to probes, to clients that look for the issuer, and to
//! requests for what is not there.

use authz_poem::Authorizer;
use poem::{
    Endpoint, EndpointExt as _, IntoResponse, Response, Route,
    error::{MethodNotAllowedError, NotFoundError},
    get, handler,
    http::{StatusCode, Uri, header::ALLOW},
    web::{Data, Json},
};
use quickstart::{METADATA, Problem, allowed_methods, readiness, resource_metadata};
use serde::Serialize;

/// `api` and all that stands around it.
pub(crate) fn surrounded(api: Route, authorizer: Authorizer) -> impl Endpoint<Output = Response> {
    api.at("/healthz", get(live))
        .at("/readyz", get(ready))
        .at(METADATA, get(metadata))
        .at(format!("{METADATA}/*path"), get(metadata))
        .data(authorizer)
        .catch_error(async |_: NotFoundError| Problem::NOT_FOUND.into_parts())
        // `catch_error` is not told of which path, and `Allow` depends on it.
        .around(async |app, request| {
            let path = request.uri().path().to_owned();
            let answer = app.call(request).await;
            answer.or_else(|error| {
                error.downcast::<MethodNotAllowedError>()?;
                Ok(Problem::method_not_allowed(&path)
                    .into_parts()
                    .into_response())
            })
        })
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

/// Where tokens for this API come from (RFC 9728).
#[handler]
fn metadata(Data(authorizer): Data<&Authorizer>, uri: &Uri) -> Response {
    match resource_metadata(authorizer, uri.path()) {
        Some(metadata) => json(metadata),
        None => Problem::NOT_FOUND.into_parts().into_response(),
    }
}

/// JSON without poem's `charset`, a parameter that it does not have (RFC 8259 section 11).
pub(crate) fn json(value: impl Serialize + Send) -> Response {
    Json(value)
        .with_content_type("application/json")
        .into_response()
}
