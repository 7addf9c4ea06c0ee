//! The parts of an OpenAPI document that follow from an issuer and from policies, for the adapters.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{IssuerStatus, policy::Policy};

/// The name of the security scheme in a document.
pub const SECURITY_SCHEME: &str = "oauth2";

/// The security scheme of an issuer.
#[derive(Clone, Debug)]
pub struct IssuerScheme {
    kind: SchemeKind,
    /// The description of each scope.
    scopes: BTreeMap<String, String>,
    problem_details: bool,
}

/// How a document tells clients where tokens come from.
#[derive(Clone, Debug)]
pub enum SchemeKind {
    /// OAuth 2.0, with the endpoints of the issuer.
    OAuth2 {
        /// The authorization endpoint (RFC 6749 section 3.1).
        authorization_url: String,
        /// The token endpoint (RFC 6749 section 3.2).
        token_url: String,
    },
    /// OpenID Connect.
    OpenIdConnect {
        /// The address of the discovery document.
        discovery_url: String,
    },
}

impl IssuerScheme {
    /// Declares OAuth 2.0 with the authorization code grant and the client credentials grant. The issuer's
    /// metadata has the endpoints as `authorization_endpoint` and `token_endpoint` (RFC 8414 section 2).
    #[must_use]
    pub fn oauth2(authorization_url: impl Into<String>, token_url: impl Into<String>) -> Self {
        Self::new(SchemeKind::OAuth2 {
            authorization_url: authorization_url.into(),
            token_url: token_url.into(),
        })
    }

    /// Declares OAuth 2.0 with the endpoints of an issuer of [`key_status`](crate::Authorizer::key_status). If they are
    /// not known, it declares OpenID Connect.
    ///
    /// The authorizer finds the endpoints together with the keys, in the issuer's metadata. They are unknown before
    /// the first fetch, and for keys that are not found through metadata.
    #[must_use]
    pub fn from_status(status: &IssuerStatus) -> Self {
        match &status.keys.endpoints {
            Some(it) => Self::oauth2(&it.authorization_endpoint, &it.token_endpoint),
            None => Self::open_id_connect(&status.issuer),
        }
    }

    /// Declares OpenID Connect, with the discovery document of the issuer.
    #[must_use]
    pub fn open_id_connect(issuer: &str) -> Self {
        Self::new(SchemeKind::OpenIdConnect {
            discovery_url: format!(
                "{}/.well-known/openid-configuration",
                issuer.trim_end_matches('/')
            ),
        })
    }

    fn new(kind: SchemeKind) -> Self {
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

    /// Returns where tokens come from.
    #[must_use]
    pub fn kind(&self) -> &SchemeKind {
        &self.kind
    }

    /// Returns the scopes and their descriptions, together with the scopes that operations use.
    #[must_use]
    pub fn scopes(&self, used: impl IntoIterator<Item = String>) -> BTreeMap<String, String> {
        let mut scopes = self.scopes.clone();
        for scope in used {
            scopes.entry(scope).or_default();
        }
        scopes
    }

    /// Returns the components that operations refer to: the security scheme, and the responses to rejected
    /// requests with the schema of their body. `used` are the scopes of all operations.
    #[must_use]
    pub fn components(&self, used: impl IntoIterator<Item = String>) -> Value {
        let scopes = self.scopes(used);
        let scheme = match &self.kind {
            SchemeKind::OAuth2 {
                authorization_url,
                token_url,
            } => json!({
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": authorization_url,
                        "tokenUrl": token_url,
                        "scopes": scopes,
                    },
                    "clientCredentials": { "tokenUrl": token_url, "scopes": scopes },
                },
            }),
            SchemeKind::OpenIdConnect { discovery_url } => {
                json!({ "type": "openIdConnect", "openIdConnectUrl": discovery_url })
            }
        };
        json!({
            "securitySchemes": { SECURITY_SCHEME: scheme },
            "schemas": { "Rejection": self.body() },
            "responses": self.responses(),
        })
    }

    fn body(&self) -> Value {
        let members = match self.problem_details {
            true => &["type", "title", "status", "detail", "error"][..],
            false => &["error", "error_description"][..],
        };
        let properties: Map<String, Value> = members
            .iter()
            .map(|name| {
                let kind = if *name == "status" {
                    "integer"
                } else {
                    "string"
                };
                ((*name).to_owned(), json!({ "type": kind }))
            })
            .collect();
        json!({ "type": "object", "required": members, "properties": properties })
    }

    fn responses(&self) -> Value {
        let content_type = match self.problem_details {
            true => "application/problem+json",
            false => "application/json",
        };
        let header = |name: &str, description: &str, kind: &str| json!({ name: { "description": description, "schema": { "type": kind } } });
        let challenge = header(
            "WWW-Authenticate",
            "The challenge (RFC 6750 section 3)",
            "string",
        );
        let wait = header("Retry-After", "Seconds until the next attempt", "integer");
        let response = |description: &str, headers: &Value| {
            let schema = json!({ "$ref": "#/components/schemas/Rejection" });
            json!({
                "description": description,
                "headers": headers,
                "content": { content_type: { "schema": schema } },
            })
        };
        json!({
            "Unauthorized": response("The token is missing or invalid", &challenge),
            "Forbidden": response("The token does not satisfy the policy of this operation", &challenge),
            "KeysUnavailable": response("The token can't be checked at the moment", &wait),
        })
    }
}

/// The parts of an operation that follow from a policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyDescription<'p> {
    /// The sets of scopes of which a token needs one. There is at least one set: without any, the operation
    /// would be declared public. A policy that no token can meet has the empty set.
    pub scopes: Vec<Vec<&'p str>>,
    /// A text for the operation's description, if the policy requires more than scopes can say.
    pub text: Option<String>,
    /// The status codes of rejections, and the names of their responses among
    /// [the components](IssuerScheme::components).
    pub responses: Vec<(&'static str, &'static str)>,
}

impl<'p> PolicyDescription<'p> {
    /// Describes a policy.
    #[must_use]
    pub fn new(policy: &'p Policy) -> Self {
        let alternatives = policy.scope_alternatives();
        let says_all = !alternatives.is_empty() && alternatives.iter().all(|it| it.is_sufficient);
        let mut responses = vec![("401", "Unauthorized"), ("503", "KeysUnavailable")];
        // Where any valid token passes, 403 never happens.
        if !alternatives
            .iter()
            .any(|it| it.is_sufficient && it.scopes.is_empty())
        {
            responses.push(("403", "Forbidden"));
        }
        let mut scopes: Vec<_> = alternatives.into_iter().map(|it| it.scopes).collect();
        if scopes.is_empty() {
            scopes.push(Vec::new());
        }
        Self {
            scopes,
            text: (!says_all).then(|| format!("Authorization: `{policy}`")),
            responses,
        }
    }
}
