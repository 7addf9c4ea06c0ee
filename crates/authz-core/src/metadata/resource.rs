use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{MetadataAddress, MetadataDocument, ResourceMetadata, address::secure_url};
use crate::{
    crypto::{Algorithm, AlgorithmSet},
    issuer::{BuildError, BuildErrorKind},
    policy::{OFFLINE_ACCESS, Scope},
    untrusted::Excerpt,
};

/// Describes this API as a protected resource: its identifier (RFC 9728 section 1.2) and further
/// members of its [metadata](ResourceMetadata).
///
/// ```
/// use authz_core::{Authorizer, Resource};
///
/// let builder = Authorizer::builder().resource(
///     Resource::new("https://api.example")
///         .name("Messages")
///         .name_in("de", "Nachrichten")
///         .documentation("https://docs.example/messages")
///         .scopes_supported(["read:messages", "write:messages"])
///         .member("support_email", "help@api.example"),
/// );
/// ```
///
/// These settings describe the API and don't change which requests it accepts. `build` checks them: URLs
/// must be absolute and use https, or http on a loopback address. A value that is given twice replaces the
/// first; an empty list is left out (RFC 9728 section 3.2).
#[derive(Clone, Debug)]
#[must_use]
pub struct Resource {
    pub(crate) identifier: String,
    at_root: bool,
    /// `None` if JSON can't represent it.
    members: BTreeMap<String, Option<Value>>,
}

impl Resource {
    /// Creates a resource with this identifier: an absolute https URL without fragment. Scheme and host may
    /// be in upper case; the document shows the identifier exactly as given (RFC 9728 section 3.3).
    pub fn new(identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            at_root: false,
            members: BTreeMap::new(),
        }
    }

    /// Serves the document at the bare well-known path too, if the identifier has a path. Clients of the
    /// Model Context Protocol look there second; others reject a document that isn't at
    /// [its own path](ResourceMetadata::path).
    pub const fn also_at_root(mut self) -> Self {
        self.at_root = true;
        self
    }

    /// Sets the name to show to users (`resource_name`).
    pub fn name(self, name: impl Into<String>) -> Self {
        self.member("resource_name", name.into())
    }

    /// Sets the name in a language, by its tag, such as `de` (RFC 9728 section 2.1).
    pub fn name_in(self, language: &str, name: impl Into<String>) -> Self {
        self.member(format!("resource_name#{language}"), name.into())
    }

    /// Sets the URL of a page for developers (`resource_documentation`).
    pub fn documentation(self, url: impl Into<String>) -> Self {
        self.member("resource_documentation", url.into())
    }

    /// Sets the URL of a page for developers in a language.
    pub fn documentation_in(self, language: &str, url: impl Into<String>) -> Self {
        self.member(format!("resource_documentation#{language}"), url.into())
    }

    /// Sets the URL of a page about how clients may use the data (`resource_policy_uri`).
    pub fn policy_uri(self, url: impl Into<String>) -> Self {
        self.member("resource_policy_uri", url.into())
    }

    /// Sets the URL of a page about how clients may use the data, in a language.
    pub fn policy_uri_in(self, language: &str, url: impl Into<String>) -> Self {
        self.member(format!("resource_policy_uri#{language}"), url.into())
    }

    /// Sets the URL of the terms of service (`resource_tos_uri`).
    pub fn tos_uri(self, url: impl Into<String>) -> Self {
        self.member("resource_tos_uri", url.into())
    }

    /// Sets the URL of the terms of service in a language.
    pub fn tos_uri_in(self, language: &str, url: impl Into<String>) -> Self {
        self.member(format!("resource_tos_uri#{language}"), url.into())
    }

    /// Sets the scopes that clients may ask for. `offline_access` is an error of `build`: it is a matter
    /// between the client and the issuer.
    pub fn scopes_supported(self, scopes: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.list("scopes_supported", scopes)
    }

    /// Sets the URL of this API's own public keys, with which it signs responses.
    pub fn jwks_uri(self, url: impl Into<String>) -> Self {
        self.member("jwks_uri", url.into())
    }

    /// Sets the algorithms with which this API signs responses (`resource_signing_alg_values_supported`).
    pub fn signing_algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let names = algorithms.into_iter().map(Algorithm::name);
        self.list("resource_signing_alg_values_supported", names)
    }

    /// Sets the types of authorization details that this API knows (RFC 9396).
    pub fn authorization_details_types(self, types: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.list("authorization_details_types_supported", types)
    }

    /// States that tokens must be bound to a client certificate (RFC 8705 section 3).
    pub fn certificate_bound_tokens(self) -> Self {
        self.member("tls_client_certificate_bound_access_tokens", true)
    }

    /// States that tokens must be bound to a key (RFC 9449).
    pub fn dpop_bound_tokens(self) -> Self {
        self.member("dpop_bound_access_tokens_required", true)
    }

    /// Sets the algorithms of DPoP proofs (`dpop_signing_alg_values_supported`).
    pub fn dpop_algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let names = algorithms.into_iter().map(Algorithm::name);
        self.list("dpop_signing_alg_values_supported", names)
    }

    /// Sets a signed JWT with the same members (RFC 9728 section 2.2).
    pub fn signed_metadata(self, jwt: impl Into<String>) -> Self {
        self.member("signed_metadata", jwt.into())
    }

    /// Sets any member. It replaces one that comes from the authorizer's settings, such as
    /// `authorization_servers` where tenants are the only issuers. `resource` can't be replaced.
    pub fn member(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.members
            .insert(name.into(), serde_json::to_value(value).ok());
        self
    }

    /// Adds what the authorizer's settings say about DPoP.
    pub(crate) fn add_dpop(&mut self, algorithms: AlgorithmSet, is_required: bool) {
        let algorithms: Value = algorithms.iter().map(Algorithm::name).collect();
        self.add("dpop_signing_alg_values_supported", algorithms);
        if is_required {
            self.add("dpop_bound_access_tokens_required", true);
        }
    }

    /// Adds a member, unless the application has set it.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<Value>) {
        let member = self.members.entry(name.to_owned());
        member.or_insert_with(|| Some(value.into()));
    }

    fn list(self, name: &str, values: impl IntoIterator<Item: AsRef<str>>) -> Self {
        let values = values.into_iter().map(|it| Value::from(it.as_ref()));
        self.member(name, values.collect::<Value>())
    }

    pub(crate) fn metadata(
        self,
        address: MetadataAddress,
        issuers: impl Iterator<Item = impl Into<Value>>,
        bearer_methods: Vec<&'static str>,
    ) -> Result<ResourceMetadata, BuildError> {
        let mut document = Map::new();
        let issuers = issuers.collect::<Value>();
        let mut set = |name: String, value: Value| {
            let is_absent = value.is_null() || value == json!([]);
            // An empty list of methods means that bearer tokens are not accepted.
            if !is_absent || name == "bearer_methods_supported" {
                document.insert(name, value);
            }
        };
        set("resource".to_owned(), self.identifier.into());
        set("authorization_servers".to_owned(), issuers);
        set("bearer_methods_supported".to_owned(), bearer_methods.into());
        for (name, value) in self.members {
            let problem = match &value {
                Some(value) => problem(&name, value),
                None => Some("it must be a value that JSON can represent"),
            };
            if let Some(problem) = problem {
                let value = value.unwrap_or_default().to_string();
                let (name, value) = (Excerpt(&name), Excerpt(&value));
                return Err(BuildError::new(
                    BuildErrorKind::InvalidMetadata,
                    format!("member {name} of the resource's metadata is {value}: {problem}"),
                ));
            }
            set(name, value.unwrap_or_default());
        }
        Ok(ResourceMetadata(Arc::new(MetadataDocument {
            address,
            at_root: self.at_root,
            json: Value::Object(document).to_string(),
        })))
    }
}

impl From<&str> for Resource {
    fn from(identifier: &str) -> Self {
        Self::new(identifier)
    }
}

impl From<String> for Resource {
    fn from(identifier: String) -> Self {
        Self::new(identifier)
    }
}

impl From<&String> for Resource {
    fn from(identifier: &String) -> Self {
        Self::new(identifier)
    }
}

/// Returns the problem with a member, if there is one.
fn problem(name: &str, value: &Value) -> Option<&'static str> {
    let (name, language) = match name.split_once('#') {
        Some((name, language)) => (name, Some(language)),
        None => (name, None),
    };
    let is_subtag =
        |it: &str| matches!(it.len(), 1..=8) && it.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if language.is_some_and(|it| !it.split('-').all(is_subtag)) {
        return Some("the part after `#` must be a language tag, such as `de` or `pt-BR`");
    }
    let all_scopes = |list: &Vec<Value>| {
        list.iter()
            .all(|it| it.as_str().is_some_and(Scope::is_valid))
    };
    match name {
        "" => Some("a member needs a name"),
        "resource" => Some("set the identifier with `Resource::new`"),
        "jwks_uri" | "resource_documentation" | "resource_policy_uri" | "resource_tos_uri"
            if value.as_str().and_then(secure_url).is_none() =>
        {
            Some("give an absolute https URL; plain http is for loopback addresses only")
        }
        "scopes_supported" if !value.as_array().is_some_and(all_scopes) => {
            Some("give scopes as in RFC 6749 section 3.3, one by one")
        }
        "scopes_supported"
            if value
                .as_array()
                .is_some_and(|it| it.contains(&OFFLINE_ACCESS.into())) =>
        {
            Some("leave out `offline_access`: clients ask their issuer for it, not this API")
        }
        _ => None,
    }
}
