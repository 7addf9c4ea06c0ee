//! Policies built in code: one function for each requirement, and their combinations.

mod combine;
mod comparison;
mod predicates;
mod requirement;

pub(super) use self::comparison::{EMPTY_PREFIX, PREFIX_OF_CLAIMS_ONLY};
pub use self::{
    comparison::{claim, header, path, query},
    predicates::Predicates,
    requirement::{
        acr, all_scopes, amr, any_scope, any_valid_token, client, custom, deny, group, issuer,
        max_age, method, permission, role, scope,
    },
};
