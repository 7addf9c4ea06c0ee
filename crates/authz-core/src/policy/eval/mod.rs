//! Decides whether a token and a request meet a policy.
//!
//! [`verdict`] is the logic with three values, and decides what `not` makes of a missing claim.
//! [`context`] finds claims, [`requirement`] and [`comparison`] evaluate single requirements, and
//! [`value`] defines which values are equal.

mod comparison;
mod context;
mod requirement;
mod value;
mod verdict;

pub use self::verdict::Verdict;
pub(crate) use self::{
    context::{ClaimLookup, ClaimsSource, EvalContext, LazyClaims},
    requirement::has_name,
};
