use crate::policy::model::{Detail, Policy, Requirement};

/// Requires one element of the claim `authorization_details` (RFC 9396) with this `type`, for this API, that meets
/// `policy` on its own. `policy` names the element's members with [`member`](super::member).
///
/// ```
/// use authz_core::policy::{detail, member, path};
///
/// let payment = detail(
///     "payment_initiation",
///     member("actions").contains("initiate")
///         & member("instructedAmount.currency").equals("EUR")
///         & member("instructedAmount.amount").at_most(1000)
///         & member("debtorAccount.iban").equals(path("iban")),
/// );
/// assert_eq!(
///     payment.to_string(),
///     r#"detail("payment_initiation", member("actions") contains "initiate" and member("instructedAmount.currency") == "EUR" and member("instructedAmount.amount") <= 1000 and member("debtorAccount.iban") == path("iban"))"#,
/// );
/// ```
///
/// An element is for this API if it has no `locations`, or if they contain one of the audiences of the token's issuer
/// or the [resource identifier](crate::AuthorizerBuilder::resource) (section 2.2). Elements of another type are
/// ignored. With [`any_valid_token`](super::any_valid_token) as the policy, any element of the type is enough.
///
/// # Panics
///
/// Panics if `policy` has other requirements than comparisons. Put a scope beside `detail`, not into it.
#[must_use]
#[track_caller]
pub fn detail(kind: impl Into<String>, policy: Policy) -> Policy {
    let is_about_members =
        |it: &Requirement| matches!(it, Requirement::Compare(_) | Requirement::AnyValidToken);
    let other = policy.requirements().find(|it| !is_about_members(it));
    if let Some(other) = other {
        panic!("{other}: {COMPARISONS_ONLY}");
    }
    Policy(Requirement::Detail(Box::new(Detail {
        kind: kind.into().into(),
        policy,
    })))
}

pub(crate) const COMPARISONS_ONLY: &str =
    "only comparisons can be part of `detail`: put this beside it, with `and`";
