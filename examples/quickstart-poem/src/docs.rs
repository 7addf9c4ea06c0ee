//! The OpenAPI document at `/openapi.json`, and a page at `/docs` to read it and to try the API.

use std::sync::Arc;

use authz_poem::{openapi, rules::Rules};
use poem::{
    EndpointExt as _, IntoResponse as _, Response, Route, get, handler,
    web::{Data, Path, Redirect},
};
use quickstart::Docs;

use crate::{answer::JSON, service};

/// Adds the routes of the document and of the page. `rules` replace the policies of the API.
pub(crate) fn with_docs(api: Route, docs: Docs, rules: Option<Rules>) -> Route {
    api.at(
        "/openapi.json",
        get(document.data(docs.clone()).data(Arc::new(rules))),
    )
    .at("/docs", get(to_page))
    .at("/docs/*path", get(file.data(docs)))
}

/// Made for each request, because the issuer's endpoints may not be known yet.
#[handler]
async fn document(Data(docs): Data<&Docs>, Data(rules): Data<&Arc<Option<Rules>>>) -> Response {
    let scheme = docs.scheme().await;
    let document = match &**rules {
        None => openapi::document(&service(), &scheme),
        Some(rules) => openapi::document_with_rules(&service(), &scheme, rules),
    };
    document.with_content_type(JSON).into_response()
}

#[handler]
fn to_page() -> Redirect {
    Redirect::see_other("/docs/")
}

#[handler]
fn file(Path(path): Path<String>, Data(docs): Data<&Docs>) -> Response {
    docs.file(&path).into_response()
}
