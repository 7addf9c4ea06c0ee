use std::sync::{Arc, Mutex};

use authz_core::Algorithm;

use super::material::Material;
use crate::lock::Locked as _;

/// RSA keys that were generated for issuers in this process.
static RSA: Mutex<Vec<Arc<Material>>> = Mutex::new(Vec::new());

/// Returns key material for `algorithm` that is not in use elsewhere in this process.
///
/// Generating an RSA key dominates the start of an issuer, and a test suite starts hundreds. Two live
/// issuers must not share a key, or tests that tell them apart prove nothing.
pub(super) fn unused(algorithm: Algorithm) -> Arc<Material> {
    let mut keys = RSA.locked();
    // Only the pool's reference is left, and a new one is taken only under the lock.
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
