use std::sync::{Arc, Mutex};

use authz_core::Algorithm;

use super::material::Material;
use crate::lock::Locked as _;

/// RSA keys that were made for an issuer in this process.
static RSA: Mutex<Vec<Arc<Material>>> = Mutex::new(Vec::new());

/// Key material for `algorithm` that nobody else in this process holds.
///
/// Generating an RSA key takes about a hundred times as long as everything else a development
/// issuer does when it starts, and a test suite starts hundreds of them. Two issuers that live at
/// the same time must never have the same key, or the tests that tell them apart prove nothing;
/// one that everybody has dropped can serve again.
pub(super) fn unused(algorithm: Algorithm) -> Arc<Material> {
    let mut keys = RSA.locked();
    // The pool's own reference is the only one left, and another can only be taken under the lock.
    let free = keys
        .iter()
        .find(|key| Arc::strong_count(key) == 1 && key.fits(algorithm));
    if let Some(key) = free {
        return Arc::clone(key);
    }
    let key = Arc::new(Material::generate(algorithm));
    if matches!(*key, Material::Rsa(_)) {
        keys.push(Arc::clone(&key));
    }
    key
}
