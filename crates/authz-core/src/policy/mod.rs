//! What an endpoint asks of a token that is good.
//!
//! ```
//! use authz_core::{all_scopes, any_scope, any_valid_token, permission, scope};
//!
//! let reader = scope("read:messages");
//! let either = any_scope(["read:messages", "admin"]);
//! let both = all_scopes(["read:messages", "write:messages"]);
//! let admin = permission("delete:messages").or(scope("admin").and(scope("write:messages")));
//! let anybody = any_valid_token();
//! ```

mod decision;
mod required;
mod scope;

use std::fmt;

pub use self::{
    decision::Decision,
    required::RequiredScope,
    scope::{InvalidScope, Scope, Scopes},
};

/// What an endpoint asks of a token that is good: built once, evaluated for every request.
#[derive(Clone, PartialEq, Eq)]
pub struct Policy(Rule);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    AnyValidToken,
    Scope(Scope),
    Permission(Box<str>),
    All(Box<[Policy]>),
    Any(Box<[Policy]>),
}

/// What a policy is evaluated against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) scopes: &'a Scopes,
    pub(crate) permissions: &'a Scopes,
}

/// Any valid token: being who one is suffices.
#[must_use]
pub const fn any_valid_token() -> Policy {
    Policy(Rule::AnyValidToken)
}

/// The scope `name`.
///
/// # Panics
///
/// When `name` is no scope: it has a space in it, for example. For names that are not known
/// before the program runs there is [`Policy::scope`].
#[must_use]
#[track_caller]
pub fn scope(name: &str) -> Policy {
    match name.parse() {
        Ok(scope) => Policy::scope(scope),
        Err(error) => panic!("{error}"),
    }
}

/// At least one of the scopes `names`.
///
/// No names at all do not compile: "any valid token" is written [`any_valid_token`].
///
/// ```compile_fail
/// authz_core::any_scope([]);
/// ```
///
/// # Panics
///
/// When one of `names` is no scope.
#[must_use]
#[track_caller]
pub fn any_scope<const N: usize>(names: [&str; N]) -> Policy {
    const { assert!(N > 0, "an empty list of scopes: write any_valid_token()") }
    Policy(Rule::Any(names.map(scope).into()))
}

/// All of the scopes `names`.
///
/// No names at all do not compile: "any valid token" is written [`any_valid_token`].
///
/// ```compile_fail
/// authz_core::all_scopes([]);
/// ```
///
/// # Panics
///
/// When one of `names` is no scope.
#[must_use]
#[track_caller]
pub fn all_scopes<const N: usize>(names: [&str; N]) -> Policy {
    const { assert!(N > 0, "an empty list of scopes: write any_valid_token()") }
    Policy(Rule::All(names.map(scope).into()))
}

/// The permission `name`, from Auth0's claim `permissions`: what the user may do, whatever scopes
/// the client was granted.
#[must_use]
pub fn permission(name: impl Into<String>) -> Policy {
    Policy(Rule::Permission(name.into().into()))
}

impl Policy {
    /// The scope `scope`.
    #[must_use]
    pub const fn scope(scope: Scope) -> Self {
        Self(Rule::Scope(scope))
    }

    /// Both policies.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Rule::All(Box::new([self, other])))
    }

    /// One of the two policies, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Rule::Any(Box::new([self, other])))
    }

    pub(crate) fn allows(&self, facts: Facts<'_>) -> bool {
        match &self.0 {
            Rule::AnyValidToken => true,
            Rule::Scope(scope) => facts.scopes.contains(scope.as_str()),
            Rule::Permission(name) => facts.permissions.contains(name),
            Rule::All(all) => all.iter().all(|policy| policy.allows(facts)),
            Rule::Any(any) => any.iter().any(|policy| policy.allows(facts)),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, policies: &[Self], word: &str| {
            for (i, policy) in policies.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                match &policy.0 {
                    Rule::All(_) | Rule::Any(_) => write!(f, "({policy})")?,
                    _ => write!(f, "{policy}")?,
                }
            }
            Ok(())
        };
        match &self.0 {
            Rule::AnyValidToken => f.write_str("any_valid_token"),
            Rule::Scope(scope) => write!(f, "scope({:?})", scope.as_str()),
            Rule::Permission(name) => write!(f, "permission({name:?})"),
            Rule::All(all) => join(f, all, "and"),
            Rule::Any(any) => join(f, any, "or"),
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({self})")
    }
}
