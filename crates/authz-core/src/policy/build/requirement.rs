//! One function for each single requirement.

use std::time::Duration;

use http::Method;

use crate::claims::Claims;
use crate::policy::{
    model::{Policy, Predicate, Requirement},
    scope::Scope,
};

/// Allows any valid token.
#[must_use]
pub const fn any_valid_token() -> Policy {
    Policy(Requirement::AnyValidToken)
}

/// Denies every token, for a route that is switched off.
#[must_use]
pub const fn deny() -> Policy {
    Policy(Requirement::Deny)
}

/// Requires the scope `name`.
///
/// A challenge never tells a client to ask for `offline_access`, even if a policy requires it.
///
/// # Panics
///
/// Panics if `name` is not a valid scope, for example because it contains a space. Use
/// [`Policy::scope`] for names from outside the program.
#[must_use]
#[track_caller]
pub fn scope(name: &str) -> Policy {
    match name.parse() {
        Ok(scope) => Policy::scope(scope),
        Err(error) => panic!("{error}"),
    }
}

/// Requires at least one of the scopes `names`.
///
/// An empty list does not compile. Use [`any_valid_token`] to allow any valid token.
///
/// ```compile_fail
/// authz_core::any_scope([]);
/// ```
///
/// # Panics
///
/// Panics if one of `names` is not a valid scope.
#[must_use]
#[track_caller]
pub fn any_scope<const N: usize>(names: [&str; N]) -> Policy {
    const { assert!(N > 0, "an empty list of scopes: write any_valid_token()") }
    Policy::any_of(names.map(scope))
}

/// Requires all of the scopes `names`.
///
/// An empty list does not compile. Use [`any_valid_token`] to allow any valid token.
///
/// ```compile_fail
/// authz_core::all_scopes([]);
/// ```
///
/// # Panics
///
/// Panics if one of `names` is not a valid scope.
#[must_use]
#[track_caller]
pub fn all_scopes<const N: usize>(names: [&str; N]) -> Policy {
    const { assert!(N > 0, "an empty list of scopes: write any_valid_token()") }
    Policy::all_of(names.map(scope))
}

/// Requires the permission `name` in Auth0's claim `permissions`. A permission says what the user may
/// do, regardless of the scopes granted to the client.
#[must_use]
pub fn permission(name: impl Into<String>) -> Policy {
    Policy(Requirement::Permission(name.into().into()))
}

/// Requires the role `name` in one of the claims of [`Issuer::roles_from`](crate::Issuer::roles_from).
#[must_use]
pub fn role(name: impl Into<String>) -> Policy {
    Policy(Requirement::Role(name.into().into()))
}

/// Requires the group `name` in one of the claims of [`Issuer::groups_from`](crate::Issuer::groups_from).
#[must_use]
pub fn group(name: impl Into<String>) -> Policy {
    Policy(Requirement::Group(name.into().into()))
}

/// Requires one of the clients `ids`: the token's `client_id`, or else `azp`.
///
/// # Panics
///
/// Panics if `ids` is empty.
#[must_use]
#[track_caller]
pub fn client<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Policy {
    Policy(Requirement::Client(texts(ids)))
}

/// Requires one of the issuers `ids`, compared exactly with `iss`.
///
/// # Panics
///
/// Panics if `ids` is empty.
#[must_use]
#[track_caller]
pub fn issuer<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Policy {
    Policy(Requirement::Issuer(texts(ids)))
}

/// Requires one of the authentication context classes `classes` in `acr` (OpenID Connect Core section 2).
///
/// A caller without one is asked to authenticate again, with `acr_values` in this order (RFC 9470
/// section 3).
///
/// # Panics
///
/// Panics if `classes` is empty.
#[must_use]
#[track_caller]
pub fn acr<T: Into<String>>(classes: impl IntoIterator<Item = T>) -> Policy {
    Policy(Requirement::Acr(texts(classes)))
}

/// Requires the authentication method `method` in `amr`, such as `mfa`, `otp` or `hwk` (RFC 8176).
#[must_use]
pub fn amr(method: impl Into<String>) -> Policy {
    Policy(Requirement::Amr(method.into().into()))
}

/// Requires that the user authenticated (`auth_time`) at most `age` ago, in whole seconds, plus the
/// issuer's leeway.
///
/// Otherwise the caller is asked to authenticate again (RFC 9470 section 3).
#[must_use]
pub fn max_age(age: Duration) -> Policy {
    // The text of a policy can't hold a larger number.
    Policy(Requirement::MaxAge(
        age.as_secs().min(i64::MAX.unsigned_abs()),
    ))
}

/// Requires one of the request methods `methods`. HEAD counts as GET.
///
/// # Panics
///
/// Panics if `methods` is empty.
#[must_use]
#[track_caller]
pub fn method(methods: impl IntoIterator<Item = Method>) -> Policy {
    Policy(Requirement::Method(non_empty(methods)))
}

/// Requires that `check` returns `true` for the claims. `name` identifies the condition in the policy's
/// text, in logs and in explanations. Two policies with the same name are equal.
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
    /// Requires the scope `scope`.
    #[must_use]
    pub const fn scope(scope: Scope) -> Self {
        Self(Requirement::Scope(scope))
    }
}

#[track_caller]
fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Box<[Box<str>]> {
    non_empty(texts.into_iter().map(Into::<String>::into))
}

#[track_caller]
pub(super) fn non_empty<T: Into<U>, U>(values: impl IntoIterator<Item = T>) -> Box<[U]> {
    let values: Box<[U]> = values.into_iter().map(Into::into).collect();
    assert!(
        !values.is_empty(),
        "an empty list: nothing could be one of it"
    );
    values
}
