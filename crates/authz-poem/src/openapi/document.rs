use std::collections::BTreeMap;

use authz_core::Policy;
use poem_openapi::{OpenApi, OpenApiService, Webhook};
use serde_json::{Map, Value, json};

use super::{SECURITY_SCHEME, protected::policy};

/// The security scheme of the issuer, for a document.
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

    /// Returns the service's document as JSON, with the policies of its operations.
    #[must_use]
    pub fn document<T: OpenApi, W: Webhook>(&self, service: &OpenApiService<T, W>) -> String {
        // poem-openapi writes JSON.
        let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
        let mut scopes = self.scopes.clone();
        let items = members(&mut document, "paths").values_mut();
        let operations = items
            .filter_map(Value::as_object_mut)
            .flat_map(Map::values_mut);
        for operation in operations {
            for scope in write_out(operation) {
                scopes.entry(scope).or_default();
            }
        }
        let components = members(&mut document, "components");
        let schemes = entry(components, "securitySchemes");
        schemes.retain(|name, _| policy(name).is_none());
        schemes.insert(SECURITY_SCHEME.to_owned(), self.kind.scheme(&scopes));
        self.define_responses(components);
        document.to_string()
    }

    fn define_responses(&self, components: &mut Map<String, Value>) {
        let text = json!({ "type": "string" });
        let (content_type, properties) = match self.problem_details {
            true => (
                "application/problem+json",
                json!({ "type": text, "title": text, "status": { "type": "integer" }, "detail": text, "error": text }),
            ),
            false => (
                "application/json",
                json!({ "error": text, "error_description": text }),
            ),
        };
        let required: Vec<&String> = properties
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .collect();
        let schema = json!({ "type": "object", "required": required, "properties": properties });
        entry(components, "schemas")
            .entry("Rejection")
            .or_insert(schema);

        let body =
            json!({ (content_type): { "schema": { "$ref": "#/components/schemas/Rejection" } } });
        let challenge = json!({ "WWW-Authenticate": {
            "description": "The challenge (RFC 6750 section 3)",
            "schema": { "type": "string" },
        } });
        let wait = json!({ "Retry-After": {
            "description": "Seconds until the next attempt",
            "schema": { "type": "integer" },
        } });
        for ((_, name), description, headers) in [
            (UNAUTHORIZED, "The token is missing or invalid", &challenge),
            (
                FORBIDDEN,
                "The token does not satisfy the policy of this operation",
                &challenge,
            ),
            (
                KEYS_UNAVAILABLE,
                "The issuer's keys are not available",
                &wait,
            ),
        ] {
            let response =
                json!({ "description": description, "headers": headers, "content": body });
            entry(components, "responses")
                .entry(name)
                .or_insert(response);
        }
    }
}

impl Kind {
    fn scheme(&self, scopes: &BTreeMap<String, String>) -> Value {
        match self {
            Self::OAuth2 {
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
            Self::OpenIdConnect { discovery_url } => {
                json!({ "type": "openIdConnect", "openIdConnectUrl": discovery_url })
            }
        }
    }
}

/// Replaces the names of policies in an operation by what the policies say. Returns their scopes.
fn write_out(operation: &mut Value) -> Vec<String> {
    let security = operation["security"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let keys = |it: &Value| {
        it.as_object()
            .map(|it| it.keys().cloned().collect::<Vec<_>>())
    };
    let named = |it: &Value| {
        keys(it)
            .unwrap_or_default()
            .iter()
            .find_map(|name| policy(name))
    };
    // Every parameter must be extracted: an operation with two policies requires both.
    let policies: Vec<&Policy> = security.iter().filter_map(named).collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let policy = Policy::all_of(policies.into_iter().cloned());
    let mut others: Vec<_> = security
        .into_iter()
        .filter(|it| named(it).is_none())
        .collect();
    if others.is_empty() {
        others.push(json!({}));
    }
    let alternatives = policy.scope_alternatives();
    let mut required: Vec<_> = alternatives.iter().map(|it| it.scopes.clone()).collect();
    let is_denied = required.is_empty();
    if is_denied {
        // An empty list of requirements would declare the operation public.
        required.push(Vec::new());
    }
    let pairs = others
        .iter()
        .flat_map(|other| required.iter().map(move |it| (other, it)));
    let merged = pairs.map(|(other, scopes)| {
        let mut merged = other.as_object().cloned().unwrap_or_default();
        merged.insert(SECURITY_SCHEME.to_owned(), json!(scopes));
        Value::Object(merged)
    });
    operation["security"] = merged.collect();

    operation["x-authz-policy"] = policy.to_string().into();
    if is_denied || !alternatives.iter().all(|it| it.is_sufficient) {
        let before = operation["description"]
            .as_str()
            .map(|it| format!("{it}\n\n"));
        let before = before.unwrap_or_default();
        operation["description"] = format!("{before}Authorization: `{policy}`").into();
    }
    // Any valid token passes: 403 never happens.
    let is_any = (alternatives.iter()).any(|it| it.is_sufficient && it.scopes.is_empty());
    let forbidden = (!is_any).then_some(FORBIDDEN);
    let responses = members(operation, "responses");
    for (status, name) in [UNAUTHORIZED, KEYS_UNAVAILABLE]
        .into_iter()
        .chain(forbidden)
    {
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        responses.entry(status).or_insert(reference);
    }
    required
        .concat()
        .into_iter()
        .map(ToOwned::to_owned)
        .collect()
}

/// Returns the members of the object `name`, which is created if it does not exist.
fn members<'v>(value: &'v mut Value, name: &str) -> &'v mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(object) => entry(object, name),
        _ => unreachable!("it is an object now"),
    }
}

fn entry<'v>(object: &'v mut Map<String, Value>, name: &str) -> &'v mut Map<String, Value> {
    let member = object.entry(name).or_insert_with(|| json!({}));
    if !member.is_object() {
        *member = json!({});
    }
    match member {
        Value::Object(members) => members,
        _ => unreachable!("it is an object now"),
    }
}

/// Appends `path` to the issuer's address, with one slash between them.
fn below(issuer: &str, path: &str) -> String {
    format!("{}/{path}", issuer.trim_end_matches('/'))
}

const UNAUTHORIZED: (&str, &str) = ("401", "Unauthorized");
const FORBIDDEN: (&str, &str) = ("403", "Forbidden");
const KEYS_UNAVAILABLE: (&str, &str) = ("503", "KeysUnavailable");
