use authz_core::openapi::{IssuerScheme, SECURITY_SCHEME, SchemeKind};
use utoipa::{
    Modify,
    openapi::{
        Components, OpenApi,
        security::{
            AuthorizationCode, ClientCredentials, Flow, OAuth2, OpenIdConnect, Scopes,
            SecurityScheme,
        },
    },
};

use super::{DocumentPolicy as _, operation::scopes_of};

/// Adds the security scheme of the issuer to a document, and the responses to rejected requests. Schemas and
/// responses of the application with the same names stay.
///
/// Use it as a modifier of `#[derive(OpenApi)]`, or call [`modify`](Modify::modify).
#[derive(Clone, Debug)]
pub struct IssuerModifier(pub IssuerScheme);

impl Modify for IssuerModifier {
    fn modify(&self, document: &mut OpenApi) {
        let mut used = Vec::new();
        for operation in document.operations_mut() {
            used.extend(operation.security.iter().flatten().flat_map(scopes_of));
        }
        // The components are valid: the tests compare them with the document.
        let ours: Components = serde_json::from_value(self.0.components([])).unwrap_or_default();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SECURITY_SCHEME, security_scheme(&self.0, used));
        for (name, schema) in ours.schemas {
            components.schemas.entry(name).or_insert(schema);
        }
        for (name, response) in ours.responses {
            components.responses.entry(name).or_insert(response);
        }
    }
}

/// utoipa reads flows from JSON as one another, so this one is built.
fn security_scheme(scheme: &IssuerScheme, used: Vec<String>) -> SecurityScheme {
    match scheme.kind() {
        SchemeKind::OAuth2 {
            authorization_url,
            token_url,
        } => {
            let scopes = Scopes::from_iter(scheme.scopes(used));
            let code = AuthorizationCode::new(authorization_url, token_url, scopes.clone());
            SecurityScheme::OAuth2(OAuth2::new([
                Flow::AuthorizationCode(code),
                Flow::ClientCredentials(ClientCredentials::new(token_url, scopes)),
            ]))
        }
        SchemeKind::OpenIdConnect { discovery_url } => {
            SecurityScheme::OpenIdConnect(OpenIdConnect::new(discovery_url))
        }
    }
}
