//! ML-DSA signatures and keys of `kty` `AKP` (RFC 9964).

use authz_core::{Algorithm, Reason};
use authz_testkit::SigningKey;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    bad, good,
    key_sets::{beside, named},
};
use crate::{
    Attack, Attempt, ring,
    ring::{with, without},
    sign::{base64url, bend},
};

const ALGORITHMS: &str = "RFC 9964 section 5";
const KEYS: &str = "RFC 9964 section 3";
const SETS: [Algorithm; 3] = [Algorithm::MLDSA44, Algorithm::MLDSA65, Algorithm::MLDSA87];

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = confusion();
    rows.extend(signatures());
    rows.extend(keys());
    rows.extend(limits());
    rows
}

/// Every set with the keys of the others, and with keys of other types.
fn confusion() -> Vec<Attack> {
    let mut rows = Vec::new();
    for set in SETS {
        rows.push(good(format!("twin-{set}"), ALGORITHMS, move || {
            signed_by(set, |token| token)
        }));
        let others = SETS.into_iter().chain([Algorithm::ES256, Algorithm::EdDSA]);
        for other in others.filter(|other| *other != set) {
            rows.push(bad(
                format!("{other}-with-a-key-for-{set}"),
                KEYS,
                Reason::KeyNotForAlgorithm,
                move || {
                    let token = ring().signed(&SigningKey::shared(set));
                    beside(key(set), token.header("alg", other.name()))
                },
            ));
        }
        rows.push(bad(
            format!("{set}-with-the-key-es256"),
            KEYS,
            Reason::KeyNotForAlgorithm,
            move || ring().good().header("alg", set.name()),
        ));
        rows.push(bad(
            format!("hs256-with-pub-of-{set}"),
            "RFC 8725 section 2.1",
            Reason::KeyNotForAlgorithm,
            move || {
                let forger = SigningKey::hmac(Algorithm::HS256, public(&key(set)));
                beside(key(set), ring().signed(&forger))
            },
        ));
    }
    rows
}

type Forgery = fn(Vec<u8>) -> Vec<u8>;

fn signatures() -> Vec<Attack> {
    let forgeries: [(&str, Forgery); 8] = [
        ("one-byte-short", |good| good[..good.len() - 1].to_vec()),
        ("one-byte-long", |good| [&good[..], &[0]].concat()),
        ("half", |good| good[..good.len() / 2].to_vec()),
        ("all-zero", |good| vec![0; good.len()]),
        ("all-ones", |good| vec![0xff; good.len()]),
        ("a-bit-of-its-first-byte", |mut good| {
            good[0] ^= 1;
            good
        }),
        ("a-bit-of-its-last-byte", |mut good| {
            let last = good.len() - 1;
            good[last] ^= 1;
            good
        }),
        ("as-long-as-ed25519", |good| good[..64].to_vec()),
    ];
    let mut rows = Vec::new();
    for set in SETS {
        for (name, forge) in forgeries {
            rows.push(bad(
                format!("{set}-signature-{name}"),
                ALGORITHMS,
                Reason::InvalidSignature,
                move || signed_by(set, |token| bend(&token, forge)),
            ));
        }
        rows.push(bad(
            format!("{set}-signature-by-another-key"),
            ALGORITHMS,
            Reason::InvalidSignature,
            move || beside(key(set), ring().signed(&SigningKey::generate(set))),
        ));
    }
    rows
}

type KeyChange = fn(Value) -> Value;

/// Keys that can't be used: the token that they signed has no key.
fn keys() -> Vec<Attack> {
    let changes: [(&str, KeyChange); 10] = [
        ("without-alg", |jwk| without(jwk, "alg")),
        ("with-alg-null", |jwk| with(jwk, "alg", Value::Null)),
        ("with-alg-of-another-set", |jwk| {
            with(jwk, "alg", "ML-DSA-87")
        }),
        ("with-alg-in-lower-case", |jwk| {
            with(jwk, "alg", "ml-dsa-65")
        }),
        ("with-alg-hs256", |jwk| with(jwk, "alg", "HS256")),
        ("as-okp", |jwk| with(jwk, "kty", "OKP")),
        ("without-pub", |jwk| without(jwk, "pub")),
        ("one-byte-short", |jwk| {
            let public = public(&jwk);
            with(jwk, "pub", base64url(&public[1..]))
        }),
        ("one-byte-long", |jwk| {
            let public = [&public(&jwk)[..], &[0]].concat();
            with(jwk, "pub", base64url(public))
        }),
        ("with-its-private-part", |jwk| {
            with(jwk, "priv", base64url([7; 32]))
        }),
    ];
    changes
        .into_iter()
        .map(|(name, change)| {
            bad(
                format!("akp-key-{name}"),
                KEYS,
                Reason::UnknownKey,
                move || {
                    let token = ring().signed(&SigningKey::shared(Algorithm::MLDSA65));
                    beside(change(key(Algorithm::MLDSA65)), token)
                },
            )
        })
        .collect()
}

fn limits() -> Vec<Attack> {
    let padded = |bytes: usize| {
        let token = ring().signed(&SigningKey::shared(Algorithm::MLDSA87));
        beside(
            key(Algorithm::MLDSA87),
            token.claim("padding", "x".repeat(bytes)),
        )
    };
    vec![
        good("twin-ML-DSA-87-of-15-kib", ALGORITHMS, move || padded(6500)),
        bad(
            "ML-DSA-87-of-17-kib",
            ALGORITHMS,
            Reason::TokenTooLarge,
            move || padded(8000),
        ),
        bad(
            "ML-DSA-44-where-the-default-holds",
            ALGORITHMS,
            Reason::AlgorithmNotAllowed,
            || {
                signed_by(Algorithm::MLDSA44, |token| token)
                    .issuer_rules(|issuer| issuer.algorithms([Algorithm::RS256]))
                    .published([named(key(Algorithm::MLDSA44)), ring().rs256.public_jwk()])
                    .control(ring().signed(&ring().rs256).build())
            },
        ),
    ]
}

/// A request with a token by the shared key for `set`, which the issuer publishes.
fn signed_by(set: Algorithm, change: impl FnOnce(String) -> String) -> Attempt {
    let token = ring().signed(&SigningKey::shared(set)).kid(Some("bad"));
    Attempt::token(change(token.build())).published([named(key(set)), ring().es256.public_jwk()])
}

fn key(set: Algorithm) -> Value {
    SigningKey::shared(set).public_jwk()
}

fn public(jwk: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(jwk["pub"].as_str().expect("an AKP key"))
        .expect("base64url")
}
