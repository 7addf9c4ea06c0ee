//! The extractors.

mod authorized;
mod from_data;
mod scoped;

#[cfg(feature = "poem-openapi")]
pub(crate) use self::authorized::path;
pub use self::{
    authorized::{Authorized, MaybeAuthorized},
    from_data::FromData,
    scoped::Scoped,
};
