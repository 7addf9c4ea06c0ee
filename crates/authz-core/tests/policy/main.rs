//! Policies, through the public API: what each requirement means, how policies are written, what
//! callers and operators are told.

mod allocations;
mod case;
mod explain;
mod guide;
mod properties;
mod request;
mod requirements;
mod text;
