//! Policies for a whole service, selected by method and path: a table in a file, for axum, warp and poem
//! alike.
//!
//! A request finds its rule in two steps:
//!
//! 1. By path, the most specific pattern. Literal text comes before `{id}` (one segment) and `{*rest}` (one
//!    or more segments to the end). A table can't have both at the same place. The patterns and their order
//!    are those of [matchit](https://docs.rs/matchit), the router of axum. The order in the file does not
//!    matter.
//! 2. By method, among the rules with that pattern: the rule that names the method, or else the rule without
//!    methods. HEAD counts as GET.
//!
//! If a step finds nothing, the request is denied, and no other pattern is tried. The response is 403, or
//! 401 without a valid token. A CORS preflight is a request like any other.
//!
//! A path that routers or proxies could read in several ways does not match any rule: one with empty
//! segments, dot segments, or encoding that makes a difference. A trailing slash does not matter.
//!
//! The table is checked as a whole when it is read. These are errors: two rules for the same requests, a rule
//! that no request can reach, and a policy with a path parameter that isn't in the path.

mod path;
mod path_pattern;
mod pattern_syntax;
mod routes;
#[cfg(feature = "rules")]
mod table;

pub(crate) use self::path::{decode, is_plain};
#[cfg(feature = "rules")]
pub(crate) use self::table::Access;
#[cfg(feature = "rules")]
pub use self::table::{RuleMatch, Rules, RulesError, RulesErrorKind};
pub use self::{path_pattern::PathPattern, pattern_syntax::InvalidPattern};
