//! The extractors.

mod authorized;
mod from_data;
mod scoped;

pub use self::{
    authorized::{Authorized, MaybeAuthorized},
    from_data::FromData,
    scoped::Scoped,
};
