//! Scopes: one name, the set of a token, and scopes that imply others.

mod implied;
mod name;
mod required;
mod set;
mod text;

pub(crate) use self::{
    implied::{BadImplication, Implied},
    name::OFFLINE_ACCESS,
    set::Names,
};
pub use self::{
    name::{InvalidScope, Scope},
    required::RequiredScope,
    set::Scopes,
};
