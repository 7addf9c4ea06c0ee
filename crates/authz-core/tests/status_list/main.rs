//! Tokens whose status is on a list of the issuer (draft-ietf-oauth-status-list-20).

#[path = "../support/mod.rs"]
mod support;

mod fetches;
mod lists;
mod server;
mod tokens;
