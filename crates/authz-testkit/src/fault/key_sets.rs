use authz_core::Algorithm;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::Fault;
use crate::key::SigningKey;

/// Returns the key set with the fault, or `None` if the fault does not concern keys.
pub(crate) fn faulty_set(fault: &Fault, good: &[Value]) -> Option<Value> {
    let keys = match fault {
        Fault::EmptySet => Vec::new(),
        Fault::NoKeysMember => return Some(json!({})),
        Fault::ManyKeys(count) => ahead(many(*count), good),
        Fault::UnknownKeyTypes => ahead(unknown_kinds(), good),
        Fault::EncryptionKeys => ahead(good.iter().map(encryption_twin).collect(), good),
        Fault::DuplicateKids => good
            .iter()
            .flat_map(|key| [stranger(key), key.clone()])
            .collect(),
        Fault::NullKey => ahead(vec![Value::Null, json!(7), json!("key")], good),
        Fault::BadKeyAmongGood => ahead(broken(), good),
        Fault::KeysWithoutAlg => good.iter().map(|key| without(key, "alg")).collect(),
        Fault::KeysWithoutKid => good.iter().map(|key| without(key, "kid")).collect(),
        _ => return None,
    };
    Some(json!({ "keys": keys }))
}

fn ahead(mut first: Vec<Value>, good: &[Value]) -> Vec<Value> {
    first.extend_from_slice(good);
    first
}

fn many(count: usize) -> Vec<Value> {
    let key = SigningKey::shared(Algorithm::ES256).public_jwk();
    (0..count)
        .map(|index| with(&key, "kid", json!(format!("other-{index}"))))
        .collect()
}

/// Returns an unrelated key of the same type and `kid`.
fn stranger(key: &Value) -> Value {
    let algorithm = key["alg"]
        .as_str()
        .and_then(Algorithm::from_name)
        .unwrap_or(Algorithm::RS256);
    let mut stranger = SigningKey::shared(algorithm).public_jwk();
    // The issuer may publish the process's shared key.
    if ["n", "x", "pub", "k"]
        .iter()
        .all(|name| stranger[name] == key[name])
    {
        stranger = SigningKey::unused(algorithm).public_jwk();
    }
    match key.get("kid") {
        Some(kid) => with(&stranger, "kid", kid.clone()),
        None => without(&stranger, "kid"),
    }
}

fn encryption_twin(key: &Value) -> Value {
    let twin = with(&stranger(key), "use", json!("enc"));
    match key["kty"].as_str() {
        Some("RSA") => with(&twin, "alg", json!("RSA-OAEP")),
        _ => with(&twin, "alg", json!("ECDH-ES")),
    }
}

fn unknown_kinds() -> Vec<Value> {
    vec![
        json!({ "kty": "AKP", "kid": "hash-based", "alg": "SLH-DSA-SHA2-128s", "pub": odd(32) }),
        json!({ "kty": "OKP", "kid": "ed448", "crv": "Ed448", "x": odd(57) }),
        json!({ "kty": "OKP", "kid": "x25519", "crv": "X25519", "use": "enc", "x": odd(32) }),
        json!({
            "kty": "EC", "kid": "secp256k1", "crv": "secp256k1", "alg": "ES256K", "use": "sig",
            "x": odd(32), "y": odd(32),
        }),
        json!({
            "kty": "FUTURE", "kid": "future", "alg": "XS999", "use": "sig", "z": [1, { "a": null }],
        }),
        json!({
            "kty": "RSA", "kid": "future-alg", "alg": "RS1024", "use": "sig", "n": odd(256),
            "e": "AQAB",
        }),
    ]
}

fn broken() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "kid": "no-kty", "alg": "RS256", "n": odd(256), "e": "AQAB" }),
        json!({ "kty": 7, "kid": "kty-number" }),
        json!({ "kty": "RSA", "kid": "no-modulus", "alg": "RS256", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "modulus-number", "alg": "RS256", "n": 12345, "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "modulus-512", "alg": "RS256", "n": odd(64), "e": "AQAB" }),
        json!({
            "kty": "RSA", "kid": "modulus-even", "alg": "RS256", "n": base64url(&[0xAA; 256]),
            "e": "AQAB",
        }),
        json!({ "kty": "RSA", "kid": "exponent-1", "alg": "RS256", "n": odd(256), "e": "AQ" }),
        json!({ "kty": "RSA", "kid": "base64", "alg": "RS256", "n": "not*base64", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": ["array"], "alg": "RS256", "n": odd(256), "e": "AQAB" }),
        json!({
            "kty": "EC", "kid": "off-curve", "alg": "ES256", "crv": "P-256", "x": odd(32),
            "y": odd(32),
        }),
        json!({
            "kty": "EC", "kid": "short-x", "alg": "ES256", "crv": "P-256", "x": odd(16),
            "y": odd(32),
        }),
        json!({
            "kty": "EC", "kid": "wrong-curve", "alg": "ES256", "crv": "Ed25519", "x": odd(32),
            "y": odd(32),
        }),
        // The all-zero point has small order: anyone can forge signatures for it.
        json!({
            "kty": "OKP", "kid": "small-order", "alg": "EdDSA", "crv": "Ed25519",
            "x": base64url(&[0; 32]),
        }),
        json!({ "kty": "OKP", "kid": "short-okp", "alg": "EdDSA", "crv": "Ed25519", "x": odd(8) }),
        json!({ "kty": "AKP", "kid": "short-pub", "alg": "ML-DSA-44", "pub": odd(32) }),
        json!({ "kty": "AKP", "kid": "no-alg", "pub": odd(1312) }),
        json!({ "kty": "oct", "kid": "empty-secret", "alg": "HS256", "k": "" }),
    ]
}

fn with(key: &Value, name: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[name] = value;
    key
}

fn without(key: &Value, name: &str) -> Value {
    let mut key = key.clone();
    if let Some(members) = key.as_object_mut() {
        members.remove(name);
    }
    key
}

/// Returns an odd number of this length that is not a modulus or coordinate of a known key.
fn odd(bytes: usize) -> String {
    base64url(&vec![0xAB; bytes])
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
