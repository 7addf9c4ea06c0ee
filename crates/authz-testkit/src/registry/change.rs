use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    check::Invalid,
    entry::{Api, Client, Organization, Permissions, Role, Settings, User},
};

/// A kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    Apis,
    Roles,
    Users,
    Organizations,
    Clients,
}

/// An entry that was added or replaced.
pub(crate) struct Put {
    pub(crate) id: String,
    /// The generated secret, if the entry is an API that needs one.
    pub(crate) secret: Option<String>,
}

impl Collection {
    pub(crate) const ALL: [Self; 5] = [
        Self::Apis,
        Self::Roles,
        Self::Users,
        Self::Organizations,
        Self::Clients,
    ];

    /// Returns the name in the dashboard's addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Apis => "apis",
            Self::Roles => "roles",
            Self::Users => "users",
            Self::Organizations => "organizations",
            Self::Clients => "clients",
        }
    }

    /// Returns the name in the file.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Apis => "api",
            Self::Roles => "role",
            Self::Users => "user",
            Self::Organizations => "organization",
            Self::Clients => "client",
        }
    }

    /// Returns the name of the member that identifies an entry.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Apis => "identifier",
            Self::Roles => "name",
            Self::Users | Self::Organizations | Self::Clients => "id",
        }
    }
}

impl Settings {
    pub(super) fn put(
        &mut self,
        collection: Collection,
        previous: Option<&str>,
        entry: Value,
    ) -> Result<Put, Invalid> {
        let mut secret = None;
        let id = match collection {
            Collection::Apis => {
                let mut api: Api = parse(entry)?;
                let before = previous.and_then(|id| self.api(id));
                let before = before.filter(|before| before.algorithm == api.algorithm);
                api.secret = before.and_then(|before| before.secret.clone());
                if api.needs_secret() {
                    api.generate_secret();
                    secret.clone_from(&api.secret);
                }
                place(&mut self.apis, previous, api)?
            }
            Collection::Roles => place(&mut self.roles, previous, parse(entry)?)?,
            Collection::Users => place(&mut self.users, previous, parse(entry)?)?,
            Collection::Organizations => place(&mut self.organizations, previous, parse(entry)?)?,
            Collection::Clients => place(&mut self.clients, previous, parse(entry)?)?,
        };
        if let Some(previous) = previous {
            self.rename(collection, previous, &id);
        }
        // An API may have lost scopes.
        if collection == Collection::Apis {
            self.prune();
        }
        Ok(Put { id, secret })
    }

    pub(super) fn delete(&mut self, collection: Collection, id: &str) -> Result<(), Invalid> {
        let found = match collection {
            Collection::Apis => remove(&mut self.apis, id),
            Collection::Roles => remove(&mut self.roles, id),
            Collection::Users => remove(&mut self.users, id),
            Collection::Organizations => remove(&mut self.organizations, id),
            Collection::Clients => remove(&mut self.clients, id),
        };
        self.prune();
        found
    }

    /// Lets references follow a renamed entry.
    fn rename(&mut self, collection: Collection, from: &str, to: &str) {
        match collection {
            Collection::Apis => {
                for permissions in self.all_permissions() {
                    if let Some(scopes) = permissions.remove(from) {
                        permissions.insert(to.to_owned(), scopes);
                    }
                }
            }
            Collection::Roles => rename_in(self.users.iter_mut().map(|it| &mut it.roles), from, to),
            Collection::Organizations => {
                let lists = self.users.iter_mut().map(|it| &mut it.organizations);
                rename_in(lists, from, to);
            }
            Collection::Users | Collection::Clients => {}
        }
    }

    /// Removes references to what does not exist any more.
    fn prune(&mut self) {
        let apis = self.apis.clone();
        for permissions in self.all_permissions() {
            permissions.retain(|identifier, scopes| {
                let api = apis.iter().find(|api| api.identifier == *identifier);
                scopes.retain(|it| api.is_some_and(|api| api.scopes.contains_key(it)));
                !scopes.is_empty()
            });
        }
        for user in &mut self.users {
            let exists = |role: &String| self.roles.iter().any(|it| it.name == *role);
            user.roles.retain(exists);
            let exists = |id: &String| self.organizations.iter().any(|it| it.id == *id);
            user.organizations.retain(exists);
        }
    }

    fn all_permissions(&mut self) -> impl Iterator<Item = &mut Permissions> {
        let of_roles = self.roles.iter_mut().map(|it| &mut it.permissions);
        let of_users = self.users.iter_mut().map(|it| &mut it.permissions);
        let of_clients = self.clients.iter_mut().map(|it| &mut it.scopes);
        of_roles.chain(of_users).chain(of_clients)
    }
}

trait Entry: DeserializeOwned {
    const COLLECTION: Collection;

    fn id(&self) -> &str;
}

macro_rules! entries {
    ($($entry:ty: $collection:ident by $id:ident),*) => {$(
        impl Entry for $entry {
            const COLLECTION: Collection = Collection::$collection;

            fn id(&self) -> &str {
                &self.$id
            }
        }
    )*};
}
entries! {
    Api: Apis by identifier,
    Role: Roles by name,
    User: Users by id,
    Organization: Organizations by id,
    Client: Clients by id
}

fn parse<E: Entry>(entry: Value) -> Result<E, Invalid> {
    serde_json::from_value(entry).map_err(|error| Invalid {
        code: "invalid",
        field: None,
        message: error.to_string(),
    })
}

fn place<E: Entry>(list: &mut Vec<E>, previous: Option<&str>, entry: E) -> Result<String, Invalid> {
    let id = entry.id().to_owned();
    if previous != Some(&id) && list.iter().any(|it| it.id() == id) {
        return Err(Invalid::exists(E::COLLECTION.id(), &id));
    }
    match previous {
        None => list.push(entry),
        Some(previous) => match list.iter_mut().find(|it| it.id() == previous) {
            Some(slot) => *slot = entry,
            None => return Err(Invalid::not_found(previous)),
        },
    }
    Ok(id)
}

fn remove<E: Entry>(list: &mut Vec<E>, id: &str) -> Result<(), Invalid> {
    let before = list.len();
    list.retain(|it| it.id() != id);
    match list.len() < before {
        true => Ok(()),
        false => Err(Invalid::not_found(id)),
    }
}

fn rename_in<'a>(lists: impl Iterator<Item = &'a mut Vec<String>>, from: &str, to: &str) {
    for name in lists.flatten().filter(|name| **name == from) {
        to.clone_into(name);
    }
}
