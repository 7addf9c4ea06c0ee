//! Explains a decision to the operator, and finds what to ask the caller for.

mod actual;
mod decision;
mod finding;
mod hint;
mod remedy;
mod wanted_scopes;

pub use self::{decision::Decision, finding::Finding, remedy::StepUp};
