//! The same validation with each backend.

use authz_core::{Algorithm, CryptoBackend, scope};

use crate::{
    Case, Group,
    fixture::{Caller, SCOPE, Signed, authorize, builder, request, started},
};

const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
    Algorithm::MLDSA44,
    Algorithm::MLDSA65,
];

pub(super) fn groups() -> Vec<Group> {
    // With one backend there is nothing to compare.
    if !cfg!(feature = "rust-crypto") {
        return Vec::new();
    }
    ALGORITHMS
        .into_iter()
        .map(|algorithm| Group::new(format!("backend/{algorithm}"), move || cases(algorithm)))
        .collect()
}

fn cases(algorithm: Algorithm) -> Vec<Case> {
    let signed = Signed::new(algorithm);
    let case = |name: &str, backend| {
        let builder = builder(algorithm, signed.remote_keys())
            .crypto_backend(backend)
            .cache_bytes(0)
            .claims::<Caller>();
        let authorizer = started(builder, &signed.token);
        let (request, policy) = (request(&signed.token), scope(SCOPE));
        Case::new(name, move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    vec![
        case("aws-lc-rs", CryptoBackend::AwsLcRs),
        #[cfg(feature = "rust-crypto")]
        case("rust-crypto", CryptoBackend::RustCrypto),
    ]
}
