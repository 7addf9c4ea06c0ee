use std::collections::BTreeMap;

use utoipa::{
    Modify,
    openapi::{
        OpenApi,
        security::{
            AuthorizationCode, ClientCredentials, Flow, OAuth2, OpenIdConnect, Scopes,
            SecurityScheme,
        },
    },
};

use super::{DocumentPolicy as _, SECURITY_SCHEME, operation::scopes_of, responses};

/// Adds the security scheme of the issuer to a document, and the responses to rejected requests.
///
/// Use it as a modifier of `#[derive(OpenApi)]`, or call [`modify`](Modify::modify).
#[derive(Clone, Debug)]
pub struct IssuerScheme {
    kind: Kind,
    /// The description of each scope.
    scopes: BTreeMap<String, String>,
    problem_details: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    OAuth2 {
        authorization_url: String,
        token_url: String,
    },
    OpenIdConnect {
        discovery_url: String,
    },
}

impl IssuerScheme {
    /// Declares OAuth 2.0 with the authorization code grant and the client credentials grant, at the endpoints
    /// `authorize` and `oauth/token` below the issuer's address, as Auth0 and the development issuer have them.
    /// Use [`oauth2_endpoints`](Self::oauth2_endpoints) for other issuers.
    #[must_use]
    pub fn oauth2(issuer: &str) -> Self {
        Self::oauth2_endpoints(below(issuer, "authorize"), below(issuer, "oauth/token"))
    }

    /// Declares OAuth 2.0 like [`oauth2`](Self::oauth2), with the members `authorization_endpoint` and
    /// `token_endpoint` of the issuer's discovery document.
    #[must_use]
    pub fn oauth2_endpoints(
        authorization_url: impl Into<String>,
        token_url: impl Into<String>,
    ) -> Self {
        Self::new(Kind::OAuth2 {
            authorization_url: authorization_url.into(),
            token_url: token_url.into(),
        })
    }

    /// Declares OpenID Connect, with the discovery document of the issuer.
    #[must_use]
    pub fn open_id_connect(issuer: &str) -> Self {
        Self::new(Kind::OpenIdConnect {
            discovery_url: below(issuer, ".well-known/openid-configuration"),
        })
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            scopes: BTreeMap::new(),
            problem_details: false,
        }
    }

    /// Describes a scope. The scopes of all operations are listed anyway.
    #[must_use]
    pub fn scope(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.scopes.insert(name.into(), description.into());
        self
    }

    /// Declares that rejections have [problem details](crate::AuthorizerBuilder::problem_details) (RFC 9457).
    #[must_use]
    pub fn problem_details(mut self) -> Self {
        self.problem_details = true;
        self
    }
}

impl Modify for IssuerScheme {
    fn modify(&self, document: &mut OpenApi) {
        let mut scopes = self.scopes.clone();
        for operation in document.operations_mut() {
            for scope in operation.security.iter().flatten().flat_map(scopes_of) {
                scopes.entry(scope).or_default();
            }
        }
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SECURITY_SCHEME, self.kind.scheme(scopes));
        responses::define(components, self.problem_details);
    }
}

impl Kind {
    fn scheme(&self, scopes: BTreeMap<String, String>) -> SecurityScheme {
        match self {
            Self::OAuth2 {
                authorization_url,
                token_url,
            } => {
                let scopes = Scopes::from_iter(scopes);
                SecurityScheme::OAuth2(OAuth2::new([
                    Flow::AuthorizationCode(AuthorizationCode::new(
                        authorization_url,
                        token_url,
                        scopes.clone(),
                    )),
                    Flow::ClientCredentials(ClientCredentials::new(token_url, scopes)),
                ]))
            }
            Self::OpenIdConnect { discovery_url } => {
                SecurityScheme::OpenIdConnect(OpenIdConnect::new(discovery_url))
            }
        }
    }
}

/// Appends `path` to the issuer's address, with one slash between them.
fn below(issuer: &str, path: &str) -> String {
    format!("{}/{path}", issuer.trim_end_matches('/'))
}
