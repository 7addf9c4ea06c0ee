//! The endpoints around the API: health checks, metadata for clients, and errors for unknown paths and
//! methods.

use authz_poem::{Authorizer, MetadataError, RequireExt as _};
use poem::{
    Endpoint, EndpointExt as _, IntoResponse, Response, Route,
    error::{MethodNotAllowedError, NotFoundError},
    get, handler,
    http::{Uri, header::ALLOW},
    web::Data,
};
use quickstart::{allowed_methods, method_not_allowed, not_found, readiness};

use crate::answer::PoemAnswer;

/// Adds the endpoints around `api`.
pub(crate) fn surrounded(
    api: Route,
    authorizer: Authorizer,
) -> Result<impl Endpoint<Output = Response>, MetadataError> {
    let routes = api.at("/healthz", get(live)).at("/readyz", get(ready));
    // The metadata exists only with `AUTHZ_RESOURCE`.
    let routes = match authorizer.resource_metadata() {
        Some(_) => authorizer.metadata_routes(routes)?,
        None => routes,
    };
    let app = routes
        .data(authorizer)
        .catch_error(async |_: NotFoundError| not_found())
        // `Allow` depends on the path, which `catch_error` does not get.
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

/// Responds to `OPTIONS` from callers who may use the path. Preflights do not get here.
pub(crate) fn allowed(uri: &Uri) -> PoemAnswer<204> {
    PoemAnswer(
        ().with_header(ALLOW, allowed_methods(uri.path()))
            .into_response(),
    )
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
