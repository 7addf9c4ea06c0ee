//! What a validated request costs, beside what it can't cost less than.
//!
//! A [`Case`] is one thing to time. A [`Group`] is a set of cases that belong to one question, with
//! what they are compared to among them. Two programs run them: `criterion`, for a person who
//! changes one thing and compares with before, and `measure`, which takes all cases of a group in
//! turns, so that what disturbs the machine disturbs all of them alike and the ratios stay true.

pub mod bare;
mod case;
pub mod fixture;
pub mod groups;
pub mod report;
pub mod rounds;

pub use case::{Case, Group};
