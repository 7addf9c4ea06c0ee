use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// All claims of a token as a map, for applications that don't name a type of their own.
///
/// The registered claims are in it too; [`Authorized`](crate::Authorized) has them typed.
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

/// A claim that scopes are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeClaim {
    /// `scope`: a string of names separated by spaces (RFC 9068 section 2.2.3), or an array whose
    /// elements are one name each.
    Scope,
    /// `scp`: Entra ID's string, Okta's array.
    Scp,
    /// `permissions`: Auth0's array, counted as scopes only when asked for. They say what the user
    /// may do, whatever scopes the client was granted.
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
