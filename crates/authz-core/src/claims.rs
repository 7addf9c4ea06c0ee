use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// All claims of a token as a map, for applications without a claims type of their own.
///
/// The map includes the registered claims. [`Authorized`](crate::Authorized) also has typed methods
/// for them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(Map<String, Value>);

impl Deref for Claims {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Claims> for Map<String, Value> {
    fn from(claims: Claims) -> Self {
        claims.0
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

/// A claim that holds scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeClaim {
    /// `scope`: a string of scopes separated by spaces (RFC 9068 section 2.2.3), or an array with
    /// one scope per element.
    Scope,
    /// `scp`: a string in Entra ID's tokens, an array in Okta's.
    Scp,
    /// `permissions`: an array in Auth0's tokens. Permissions state what the user may do, whatever
    /// scopes the client was granted, so they count as scopes only if you configure it.
    Permissions,
}

impl ScopeClaim {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Scp => "scp",
            Self::Permissions => "permissions",
        }
    }
}
