//! Decodes and parses compact JWS tokens, strictly (RFC 7515, RFC 7519).
//!
//! Everything here is unverified. Parsing runs before the signature check, so a malformed token
//! costs no signature check and no fetch.

mod claim_value;
mod claims;
mod footprint;
mod header;
mod jws;
mod parse_error;

pub use self::header::ProtectedHeader;
pub(crate) use self::{
    claim_value::{ClaimValue, NumericDate, Permissions},
    claims::{CLAIM_NAMES, HAS_GROUPS, TokenClaims},
    footprint::Footprint,
    header::RawHeader,
    jws::{Jws, Malformed, PayloadBytes, PayloadStr},
};
