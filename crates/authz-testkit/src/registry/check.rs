use std::collections::BTreeSet;

use authz_core::Scope;

use super::entry::{Permissions, Settings, secret_bytes};

/// An entry that cannot be accepted.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) code: &'static str,
    pub(crate) field: Option<&'static str>,
    pub(crate) message: String,
}

impl Invalid {
    pub(crate) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: "invalid",
            field: Some(field),
            message: message.into(),
        }
    }

    pub(crate) fn exists(field: &'static str, id: &str) -> Self {
        Self {
            code: "exists",
            field: Some(field),
            message: format!("{id:?} is taken: choose another {field}"),
        }
    }

    pub(crate) fn not_found(id: &str) -> Self {
        Self {
            code: "not_found",
            field: None,
            message: format!("{id:?} does not exist any more: reload the page"),
        }
    }

    pub(crate) fn file(message: String) -> Self {
        Self {
            code: "file",
            field: None,
            message,
        }
    }
}

impl Settings {
    /// Checks names, and that every reference has its target.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        unique("identifier", self.apis.iter().map(|it| &*it.identifier))?;
        unique("name", self.roles.iter().map(|it| &*it.name))?;
        unique("id", self.users.iter().map(|it| &*it.id))?;
        unique("id", self.organizations.iter().map(|it| &*it.id))?;
        unique("id", self.clients.iter().map(|it| &*it.id))?;
        for api in &self.apis {
            if let Some(scope) = api.scopes.keys().find(|it| !Scope::is_valid(it)) {
                let what = "a scope has no spaces, quotes or backslashes (RFC 6749 section 3.3)";
                return Err(Invalid::new(
                    "scopes",
                    format!("{scope:?} is not a scope: {what}"),
                ));
            }
            if api.lifetime == 0 {
                return Err(Invalid::new(
                    "lifetime",
                    "the lifetime must be 1 second or more",
                ));
            }
            let enough = secret_bytes(api.algorithm)
                .is_none_or(|least| api.secret().is_some_and(|secret| secret.len() >= least));
            if !enough {
                let (name, algorithm) = (&api.identifier, api.algorithm);
                let what = "in base64url, as long as the hash or longer (RFC 7518 section 3.2)";
                return Err(Invalid::new(
                    "secret",
                    format!("{name:?}: {algorithm} needs a secret {what}"),
                ));
            }
        }
        for role in &self.roles {
            self.check_permissions("permissions", &role.name, &role.permissions)?;
        }
        for user in &self.users {
            self.check_permissions("permissions", &user.id, &user.permissions)?;
            let has_role = |name: &&String| !self.roles.iter().any(|it| it.name == **name);
            if let Some(role) = user.roles.iter().find(has_role) {
                return Err(undefined("roles", &user.id, role, "a role"));
            }
            let has_id = |id: &&String| !self.organizations.iter().any(|it| it.id == **id);
            if let Some(id) = user.organizations.iter().find(has_id) {
                return Err(undefined("organizations", &user.id, id, "an organization"));
            }
        }
        for client in &self.clients {
            self.check_permissions("scopes", &client.id, &client.scopes)?;
        }
        Ok(())
    }

    fn check_permissions(
        &self,
        field: &'static str,
        of: &str,
        permissions: &Permissions,
    ) -> Result<(), Invalid> {
        for (identifier, scopes) in permissions {
            let Some(api) = self.api(identifier) else {
                return Err(undefined(field, of, identifier, "an API"));
            };
            let is_undefined = |scope: &&String| !api.scopes.contains_key(*scope);
            if let Some(scope) = scopes.iter().find(is_undefined) {
                return Err(undefined(field, of, scope, "a scope of that API"));
            }
        }
        Ok(())
    }
}

fn undefined(field: &'static str, of: &str, name: &str, kind: &str) -> Invalid {
    Invalid::new(
        field,
        format!("{of:?} refers to {name:?}, which is not {kind}"),
    )
}

fn unique<'a>(field: &'static str, ids: impl Iterator<Item = &'a str>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.trim().is_empty() {
            return Err(Invalid::new(field, format!("the {field} is missing")));
        }
        if id.chars().any(char::is_control) {
            let message = format!("{id:?} contains a control character");
            return Err(Invalid::new(field, message));
        }
        if !seen.insert(id) {
            return Err(Invalid::exists(field, id));
        }
    }
    Ok(())
}
