use std::collections::BTreeMap;

use authz_core::Algorithm;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{random, token::TokenStyle};

/// The scopes of each API, by the API's identifier.
pub(crate) type Permissions = BTreeMap<String, Vec<String>>;

/// The content of the file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    #[serde(rename = "api")]
    pub(crate) apis: Vec<Api>,
    #[serde(rename = "role")]
    pub(crate) roles: Vec<Role>,
    #[serde(rename = "user")]
    pub(crate) users: Vec<User>,
    #[serde(rename = "organization")]
    pub(crate) organizations: Vec<Organization>,
    #[serde(rename = "client")]
    pub(crate) clients: Vec<Client>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    /// The audience of its tokens.
    pub(crate) identifier: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default = "rs256", with = "algorithm")]
    pub(crate) algorithm: Algorithm,
    /// In seconds.
    #[serde(default = "an_hour")]
    pub(crate) lifetime: u32,
    #[serde(default)]
    pub(crate) format: Format,
    /// Of an HMAC algorithm, in base64url.
    #[serde(default)]
    pub(crate) secret: Option<String>,
    /// The description of each scope, by its name.
    #[serde(default)]
    pub(crate) scopes: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Format {
    #[default]
    #[serde(rename = "at+jwt")]
    Rfc9068,
    #[serde(rename = "auth0")]
    Auth0,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) permissions: Permissions,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    /// The `sub` of its tokens.
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    #[serde(default)]
    pub(crate) organizations: Vec<String>,
    #[serde(default)]
    pub(crate) permissions: Permissions,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organization {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    /// The scopes that it may ask for.
    #[serde(default)]
    pub(crate) scopes: Permissions,
}

impl Settings {
    pub(crate) fn api(&self, identifier: &str) -> Option<&Api> {
        self.apis.iter().find(|api| api.identifier == identifier)
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Returns the permissions of a user with these roles for an API, without duplicates.
    pub(crate) fn permissions(&self, user: &User, roles: &[String], api: &str) -> Vec<String> {
        let of_roles = self.roles.iter().filter(|role| roles.contains(&role.name));
        let mut permissions: Vec<String> = of_roles
            .map(|role| &role.permissions)
            .chain([&user.permissions])
            .filter_map(|permissions| permissions.get(api))
            .flatten()
            .cloned()
            .collect();
        permissions.sort_unstable();
        permissions.dedup();
        permissions
    }

    /// Gives a secret to every API that needs one. Returns whether one was missing.
    pub(crate) fn generate_secrets(&mut self) -> bool {
        let mut missing = self.apis.iter_mut().filter(|api| api.needs_secret());
        let mut generated = false;
        for api in missing.by_ref() {
            api.generate_secret();
            generated = true;
        }
        generated
    }
}

impl Api {
    pub(crate) fn needs_secret(&self) -> bool {
        secret_bytes(self.algorithm).is_some() && self.secret.is_none()
    }

    pub(crate) fn generate_secret(&mut self) {
        let length = secret_bytes(self.algorithm);
        self.secret = length.map(|length| URL_SAFE_NO_PAD.encode(random::bytes(length)));
    }

    pub(crate) fn secret(&self) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(self.secret.as_deref()?).ok()
    }
}

/// Shows everything but the secret.
impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("identifier", &self.identifier)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl Format {
    pub(crate) const fn style(self) -> TokenStyle {
        match self {
            Self::Rfc9068 => TokenStyle::Rfc9068,
            Self::Auth0 => TokenStyle::Auth0,
        }
    }
}

/// Returns the length of a secret for an HMAC algorithm, that of its hash (RFC 7518 section 3.2), or
/// `None` for other algorithms.
pub(crate) const fn secret_bytes(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::HS256 => Some(32),
        Algorithm::HS384 => Some(48),
        Algorithm::HS512 => Some(64),
        _ => None,
    }
}

mod algorithm {
    use authz_core::Algorithm;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(it: &Algorithm, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(it.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Algorithm, D::Error> {
        let name = String::deserialize(from)?;
        name.parse().map_err(D::Error::custom)
    }
}

fn rs256() -> Algorithm {
    Algorithm::RS256
}

fn an_hour() -> u32 {
    3600
}
