//! The OpenAPI document at `/openapi.json`, and a page at `/docs` to read it and to try the API. Both are public.

use authz_axum::{
    Authorizer,
    openapi::{IssuerModifier, IssuerScheme},
};
use axum::Router;
use quickstart::{READ, WRITE};
use utoipa::{
    Modify as _,
    openapi::{Info, OpenApi},
};
use utoipa_swagger_ui::{SwaggerUi, oauth};

/// Returns the routes of the document and of the page.
pub(crate) fn docs(mut document: OpenApi, authorizer: &Authorizer) -> Router {
    document.info = Info::new("Quickstart API", env!("CARGO_PKG_VERSION"));
    for status in authorizer.key_status() {
        let scheme = IssuerScheme::oauth2(&status.issuer)
            .scope(READ, "Read messages")
            .scope(WRITE, "Write messages");
        IssuerModifier(scheme).modify(&mut document);
    }
    let login = oauth::Config::new()
        .client_id("docs")
        .use_pkce_with_authorization_code_grant(true);
    SwaggerUi::new("/docs")
        .url("/openapi.json", document)
        .oauth(login)
        .into()
}
