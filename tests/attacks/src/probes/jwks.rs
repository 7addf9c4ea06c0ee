use authz_core::{
    Algorithm, CryptoBackend,
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
    assert_eq!(
        count(CryptoBackend::AwsLcRs),
        count(CryptoBackend::RustCrypto)
    );
    let Ok(parsed) = KeySet::parse(data) else {
        return;
    };
    assert!(parsed.keys.len() <= KeySet::DEFAULT_MAX_KEYS);
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
