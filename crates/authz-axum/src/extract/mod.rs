//! The extractors.

mod authorized;
mod from_state;
mod rejection;
mod scoped;

pub use self::{
    authorized::Authorized, from_state::FromState, rejection::AuthorizationRejection,
    scoped::Scoped,
};
