//! Token status lists: the issuer publishes the status of each token as a few bits
//! (draft-ietf-oauth-status-list-20).
//!
//! A token names its list and its place in it (`status.status_list`). The list is a signed JWT that is
//! fetched once per lifetime and kept in memory. A token without the claim has no status to check.

mod build;
mod cache;
mod claim;
mod fetch;
mod list;
mod settings;

pub use self::settings::StatusLists;
pub(crate) use self::{cache::StatusListCache, claim::TokenStatus, fetch::TokenIssuer};
