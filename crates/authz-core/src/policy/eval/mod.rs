//! Decides whether a token and a request meet a policy.
//!
//! [`verdict`] is the logic with three values, and decides what `not` makes of a missing claim.
//! [`context`] finds claims, [`requirement`] and [`comparison`] evaluate single requirements, and
//! [`value`] defines which values are equal. [`detail`] looks for an element of `authorization_details`.

mod comparison;
mod context;
mod decimal;
mod detail;
mod requirement;
mod value;
mod verdict;

pub use self::verdict::Verdict;
pub(crate) use self::{
    context::{ClaimLookup, ClaimSettings, ClaimsSource, EvalContext, LazyClaims},
    decimal::Decimal,
    detail::AUTHORIZATION_DETAILS,
    requirement::has_name,
};
