use authz_core::{
    Algorithm, CryptoBackend, VerificationKey,
    jwks::{JwksProvider, KeySet, KeySetError, StaticKeys},
};

/// A key set. Both backends take the same keys of it, none of them a shared secret, and none of them
/// accepts a signature of nothing.
pub fn jwks(data: &[u8]) {
    let count = |backend| match StaticKeys::from_jwks_with(data, backend) {
        Ok(keys) => keys.status().keys,
        Err(KeySetError::NoUsableKey { .. }) => 0,
        Err(_) => usize::MAX,
    };
    let parsed = KeySet::parse(data);
    // AWS-LC finds out that an Ed25519 key is no point of its curve with the first signature, and
    // refuses every one; ed25519-dalek refuses the key.
    let is_ed25519 = |key: &VerificationKey| key.allows(Algorithm::EdDSA);
    if !(parsed.iter()).any(|it| it.keys.iter().any(|key| is_ed25519(key))) {
        let [aws, rust] = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto].map(count);
        assert_eq!(aws, rust);
    }
    let Ok(parsed) = parsed else {
        return;
    };
    for key in parsed.keys.iter() {
        assert!(key.is_usable());
        let mut algorithms = key.algorithms().peekable();
        let family = algorithms.peek().expect("a key serves something").family();
        for algorithm in algorithms {
            assert_eq!(algorithm.family(), family);
            assert!(!matches!(
                algorithm,
                Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
            ));
            for len in [0, 1, 64, 96, 132, 256] {
                assert!(!key.verify(algorithm, b"message", &vec![0; len]));
            }
        }
    }
    for skipped in &parsed.skipped {
        assert!(
            skipped
                .kid
                .as_ref()
                .is_none_or(|kid| kid.chars().count() <= 64)
        );
    }
}
