//! The compact JWS form of a token, taken apart and read strictly (RFC 7515, RFC 7519).
//!
//! Nothing in here is trusted: it runs before the signature is checked, so that a token which
//! would be refused anyway costs no signature check and no fetch.

mod footprint;
mod header;
mod jws;
mod registered;

pub(crate) use self::{
    footprint::Footprint,
    header::RawHeader,
    jws::{Jws, Malformed, PayloadBytes, PayloadStr},
    registered::{CLAIM_NAMES, ClaimValue, HAS_GROUPS, Permissions, TokenClaims},
};
pub use header::ProtectedHeader;
