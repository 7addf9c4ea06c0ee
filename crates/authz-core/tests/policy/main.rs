//! Policies, through the public API: what each requirement means, how policies are written, what
//! callers and operators are told.

mod allocations;
mod alternatives;
mod case;
mod claim_paths;
mod details;
mod explain;
mod guide;
mod log;
mod path_patterns;
mod properties;
mod request;
mod requirements;
mod scopes;
#[path = "../support/mod.rs"]
mod support;
mod text;
mod waiting;
