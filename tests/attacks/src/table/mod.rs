//! The rows, by theme.

mod algorithms;
mod audiences;
mod base64;
mod clients;
mod confusion;
mod details;
mod ecdsa;
mod ed25519;
mod embedded;
mod extensions;
mod issuers;
mod json;
mod key_ids;
mod key_sets;
mod ml_dsa;
mod parts;
mod pkcs1;
mod places;
mod proofs;
mod pss;
mod revocation;
mod rsa_keys;
mod times;
mod transport;
mod types;

use authz_core::Reason;

use crate::{Attack, Attempt, Outcome};

/// Rows that belong together. At least one of them is accepted.
#[derive(Debug)]
pub struct Theme {
    /// What the rows attack.
    pub name: &'static str,
    /// The rows.
    pub rows: Vec<Attack>,
}

/// The whole table.
#[must_use]
pub fn themes() -> Vec<Theme> {
    [
        ("algorithms", algorithms::rows()),
        ("audiences", audiences::rows()),
        ("authorization details", details::rows()),
        ("base64url", base64::rows()),
        ("clients and tenants", clients::rows()),
        ("key confusion", confusion::rows()),
        ("ECDSA", ecdsa::rows()),
        ("Ed25519", ed25519::rows()),
        ("embedded keys", embedded::rows()),
        ("extensions", extensions::rows()),
        ("issuers", issuers::rows()),
        ("JSON", json::rows()),
        ("key identifiers", key_ids::rows()),
        ("key sets", key_sets::rows()),
        ("ML-DSA", ml_dsa::rows()),
        ("parts", parts::rows()),
        ("places", places::rows()),
        ("DPoP proofs", proofs::rows()),
        ("revocation", revocation::rows()),
        ("RSA keys", rsa_keys::rows()),
        ("RSA, PKCS #1", pkcs1::rows()),
        ("RSA, PSS", pss::rows()),
        ("times", times::rows()),
        ("Authorization header", transport::rows()),
        ("types", types::rows()),
    ]
    .into_iter()
    .map(|(name, rows)| Theme { name, rows })
    .collect()
}

/// Every row of every theme.
#[must_use]
pub fn rows() -> Vec<Attack> {
    themes().into_iter().flat_map(|theme| theme.rows).collect()
}

/// A row that has to be refused for `reason`.
fn bad<A: Into<Attempt>>(
    name: impl Into<String>,
    source: &'static str,
    reason: Reason,
    make: impl Fn() -> A + Send + Sync + 'static,
) -> Attack {
    Attack::new(name, source, Outcome::Refused(reason), move || {
        make().into()
    })
}

/// A good twin.
fn good<A: Into<Attempt>>(
    name: impl Into<String>,
    source: &'static str,
    make: impl Fn() -> A + Send + Sync + 'static,
) -> Attack {
    Attack::new(name, source, Outcome::Accepted, move || make().into())
}
