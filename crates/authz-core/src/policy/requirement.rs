//! What can be asked: one function for each.

use std::time::Duration;

use http::Method;

use super::{Policy, Predicate, Requirement, Scope};
use crate::claims::Claims;

/// Any valid token: being who one is suffices.
#[must_use]
pub const fn any_valid_token() -> Policy {
    Policy(Requirement::AnyValidToken)
}

/// Nobody, whatever the token: for a route that is switched off.
#[must_use]
pub const fn deny() -> Policy {
    Policy(Requirement::Deny)
}

/// The scope `name`.
///
/// A challenge never tells a client to ask for `offline_access`, even if a policy requires it.
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
    Policy::any(names.map(scope))
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
    Policy::all(names.map(scope))
}

/// The permission `name`, from Auth0's claim `permissions`: what the user may do, whatever scopes
/// the client was granted.
#[must_use]
pub fn permission(name: impl Into<String>) -> Policy {
    Policy(Requirement::Permission(name.into().into()))
}

/// The role `name`, from the claims that [`Issuer::roles_from`](crate::Issuer::roles_from) names.
#[must_use]
pub fn role(name: impl Into<String>) -> Policy {
    Policy(Requirement::Role(name.into().into()))
}

/// The group `name`, from the claims that [`Issuer::groups_from`](crate::Issuer::groups_from) names.
#[must_use]
pub fn group(name: impl Into<String>) -> Policy {
    Policy(Requirement::Group(name.into().into()))
}

/// The client is one of `ids`: the application that the token was issued to, `client_id` or else `azp`.
///
/// # Panics
///
/// When `ids` is empty.
#[must_use]
#[track_caller]
pub fn client<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Policy {
    Policy(Requirement::Client(list(ids)))
}

/// The issuer is one of `ids`, to the letter.
///
/// # Panics
///
/// When `ids` is empty.
#[must_use]
#[track_caller]
pub fn issuer<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Policy {
    Policy(Requirement::Issuer(list(ids)))
}

/// The authentication context class `acr` is one of `classes` (OpenID Connect Core section 2).
///
/// A caller who lacks it is asked to authenticate again, with `acr_values` in this order (RFC 9470
/// section 3).
///
/// # Panics
///
/// When `classes` is empty.
#[must_use]
#[track_caller]
pub fn acr<T: Into<String>>(classes: impl IntoIterator<Item = T>) -> Policy {
    Policy(Requirement::Acr(list(classes)))
}

/// The authentication methods `amr` contain `method`: `mfa`, `otp`, `hwk` (RFC 8176).
#[must_use]
pub fn amr(method: impl Into<String>) -> Policy {
    Policy(Requirement::Amr(method.into().into()))
}

/// The user has authenticated (`auth_time`) at most `age` ago, in whole seconds, the issuer's
/// leeway added.
///
/// A caller for whom it is longer ago is asked to authenticate again (RFC 9470 section 3).
#[must_use]
pub fn max_age(age: Duration) -> Policy {
    // The longest that the text of a policy can hold.
    Policy(Requirement::MaxAge(
        age.as_secs().min(i64::MAX.unsigned_abs()),
    ))
}

/// The request's method is one of `methods`. HEAD counts as GET.
///
/// # Panics
///
/// When `methods` is empty.
#[must_use]
#[track_caller]
pub fn method(methods: impl IntoIterator<Item = Method>) -> Policy {
    let methods: Box<[_]> = methods.into_iter().collect();
    assert!(!methods.is_empty(), "{EMPTY}");
    Policy(Requirement::Method(methods))
}

/// What `check` says about the claims. `name` stands for it in the policy's text, in logs and in
/// explanations, and two policies with the same name are equal.
///
/// ```
/// use authz_core::policy::custom;
///
/// let even = custom("even_tenant", |claims| {
///     claims.get("tenant").and_then(|it| it.as_u64()).is_some_and(|it| it % 2 == 0)
/// });
/// assert_eq!(even.to_string(), r#"custom("even_tenant")"#);
/// ```
#[must_use]
pub fn custom(
    name: impl Into<String>,
    check: impl Fn(&Claims) -> bool + Send + Sync + 'static,
) -> Policy {
    Policy(Requirement::Custom(Predicate::new(name, check)))
}

impl Policy {
    /// The scope `scope`.
    #[must_use]
    pub const fn scope(scope: Scope) -> Self {
        Self(Requirement::Scope(scope))
    }
}

const EMPTY: &str = "an empty list: nothing could be one of it";

#[track_caller]
fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Box<[Box<str>]> {
    let texts: Box<[Box<str>]> = texts.into_iter().map(|it| it.into().into()).collect();
    assert!(!texts.is_empty(), "{EMPTY}");
    texts
}
