use authz_core::{
    Algorithm,
    jwks::{JwksProvider, KeySet, KeySetErrorKind, StaticKeys},
};

/// A key set. None of its keys is a shared secret, and none accepts a signature of nothing.
pub fn jwks(data: &[u8]) {
    let parsed = KeySet::parse(data);
    match (StaticKeys::from_jwks(data), &parsed) {
        (Ok(keys), Ok(parsed)) => assert_eq!(keys.status().keys, parsed.keys.len()),
        (Err(error), Ok(parsed)) => {
            assert_eq!(error.kind(), KeySetErrorKind::NoUsableKey);
            assert!(parsed.keys.is_empty());
        }
        (keys, Err(error)) => assert_eq!(keys.unwrap_err().kind(), error.kind()),
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
