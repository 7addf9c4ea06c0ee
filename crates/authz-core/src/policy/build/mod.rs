//! Policies built in code: one function for each requirement, and their combinations.

mod combine;
mod comparison;
mod detail;
mod predicates;
mod requirement;

pub(super) use self::{
    comparison::{EMPTY_PREFIX, NO_LIMIT, PREFIX_OF_CLAIMS_ONLY},
    detail::COMPARISONS_ONLY,
};
pub use self::{
    comparison::{claim, header, member, path, query},
    detail::detail,
    predicates::Predicates,
    requirement::{
        acr, all_scopes, amr, any_scope, any_valid_token, client, custom, deny, group, issuer,
        max_age, method, permission, role, scope,
    },
};
