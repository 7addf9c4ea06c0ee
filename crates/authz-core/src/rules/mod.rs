//! Who may do what in a whole service, by method and path: a table out of a file, which serves
//! axum, warp and poem alike.
//!
//! A request finds its rule in two steps:
//!
//! 1. By its path, the most specific pattern: literal text comes before `{id}`, which matches one
//!    segment, and `{*rest}`, which matches all that follow, one at least. (These two can't stand at the
//!    same place.) The patterns and the order are those of [matchit](https://docs.rs/matchit), the
//!    router of axum. The order in the file does not matter.
//! 2. By its method, among the rules with that pattern: one that names it, or else one that names
//!    none. HEAD counts as GET.
//!
//! Where one of the steps finds nothing the request is denied, and no less specific pattern is
//! tried: like a request whose token does not suffice, with 403, or 401 where there is no token. A
//! CORS preflight is a request like any other.
//!
//! A path that a router or a proxy could read in more than one way finds no rule: one with empty
//! segments, segments of dots, or with encoding that makes a difference. A slash at the end makes none.
//!
//! The table is checked as a whole when it is read. Two rules for the same requests, a rule that no
//! request reaches, and a policy that asks for a path parameter that the path does not have are errors.

mod path;
mod pattern;
#[cfg(feature = "rules")]
mod table;

pub(crate) use self::path::{decode, is_plain};
pub use self::pattern::{InvalidPattern, PathPattern};
#[cfg(feature = "rules")]
pub use self::table::{Rules, error::RulesError};
#[cfg(feature = "rules")]
pub(crate) use self::{pattern::Matched, table::Access};
