//! Keys that must not be used, published beside a good one: the tokens that they sign are refused,
//! and those of the good one are not.

use authz_core::{Algorithm, Reason};
use authz_testkit::SigningKey;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{bad, good};
use crate::{
    Attack, Attempt, ring,
    ring::{with, without},
    sign::base64url,
};

const POINT: &str = "RFC 8725 section 3.4";
const JWK: &str = "RFC 7517 section 4";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = points();
    rows.extend(purposes());
    rows.extend(documents());
    rows
}

fn points() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        (
            "off-the-curve",
            (|jwk| with(jwk, "y", base64url([7; 32]))) as fn(Value) -> Value,
        ),
        ("at-infinity", |jwk| {
            with(with(jwk, "x", base64url([0; 32])), "y", base64url([0; 32]))
        }),
        ("with-x-beyond-the-field", |jwk| {
            with(jwk, "x", base64url([0xff; 32]))
        }),
        ("on-another-curve", |jwk| with(jwk, "crv", "P-384")),
        ("on-secp256k1", |jwk| with(jwk, "crv", "secp256k1")),
        ("on-ed25519", |jwk| with(jwk, "crv", "Ed25519")),
        ("on-a-curve-in-lower-case", |jwk| with(jwk, "crv", "p-256")),
        ("without-curve", |jwk| without(jwk, "crv")),
        ("without-y", |jwk| without(jwk, "y")),
        ("without-x", |jwk| without(jwk, "x")),
        ("with-x-and-y-exchanged", |jwk| {
            let (x, y) = (jwk["x"].clone(), jwk["y"].clone());
            with(with(jwk, "x", y), "y", x)
        }),
        ("compressed-into-x", |jwk| {
            let x = coordinate(&jwk, "x");
            with(without(jwk, "y"), "x", base64url([&[2][..], &x].concat()))
        }),
        ("uncompressed-into-x", |jwk| {
            let (x, y) = (coordinate(&jwk, "x"), coordinate(&jwk, "y"));
            with(
                without(jwk, "y"),
                "x",
                base64url([&[4][..], &x, &y].concat()),
            )
        }),
        ("with-a-zero-before-x", |jwk| {
            let x = coordinate(&jwk, "x");
            with(jwk, "x", base64url([&[0][..], &x].concat()))
        }),
        ("as-okp", |jwk| with(jwk, "kty", "OKP")),
        ("as-rsa", |jwk| with(jwk, "kty", "RSA")),
        ("as-akp", |jwk| with(jwk, "kty", "AKP")),
        ("of-an-unknown-type", |jwk| with(jwk, "kty", "FUTURE")),
        ("of-no-type", |jwk| without(jwk, "kty")),
        ("of-type-null", |jwk| with(jwk, "kty", Value::Null)),
    ]
    .into_iter()
    .map(|(name, bend)| {
        bad(
            format!("ec-key-{name}"),
            POINT,
            Reason::UnknownKey,
            move || {
                beside(
                    bend(ring().strange_ec.public_jwk()),
                    ring().signed(&ring().strange_ec),
                )
            },
        )
        .catches(match name {
            "of-an-unknown-type" => &["CVE-2026-42576"],
            _ => &[],
        })
    })
    .collect();
    rows.push(good("twin-ec-key", POINT, || {
        beside(
            ring().strange_ec.public_jwk(),
            ring().signed(&ring().strange_ec),
        )
    }));
    rows.push(good(
        "twin-ec-key-whose-x-lacks-its-leading-zero",
        "RFC 7518 section 6.2.1.2",
        || {
            // One key in 256 has an x that begins with zero, and some issuers leave that out.
            let short = (0..).find_map(|_| {
                let key = SigningKey::generate(Algorithm::ES256).with_kid("bad");
                (coordinate(&key.public_jwk(), "x")[0] == 0).then_some(key)
            });
            let key = short.expect("found sooner or later");
            let x = base64url(&coordinate(&key.public_jwk(), "x")[1..]);
            beside(with(key.public_jwk(), "x", x), ring().signed(&key))
        },
    ));
    rows
}

/// What a key says about its own use.
fn purposes() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        (
            "with-its-private-part",
            ("d", json!("AQAB")),
            "RFC 7517 section 9.2",
        ),
        ("with-a-prime", ("p", json!("AQAB")), "RFC 7517 section 9.2"),
        (
            "with-other-primes",
            ("oth", json!([])),
            "RFC 7517 section 9.2",
        ),
        (
            "for-encryption",
            ("use", json!("enc")),
            "RFC 7517 section 4.2",
        ),
        (
            "for-an-unknown-use",
            ("use", json!("tls")),
            "RFC 7517 section 4.2",
        ),
        (
            "for-use-in-upper-case",
            ("use", json!("SIG")),
            "RFC 7517 section 4.2",
        ),
        (
            "for-use-as-an-array",
            ("use", json!(["sig"])),
            "RFC 7517 section 4.2",
        ),
        (
            "to-encrypt",
            ("key_ops", json!(["encrypt", "wrapKey"])),
            "RFC 7517 section 4.3",
        ),
        (
            "to-sign-only",
            ("key_ops", json!(["sign"])),
            "RFC 7517 section 4.3",
        ),
        (
            "for-no-operation",
            ("key_ops", json!([])),
            "RFC 7517 section 4.3",
        ),
        (
            "for-operations-in-a-string",
            ("key_ops", json!("verify")),
            "RFC 7517 section 4.3",
        ),
        (
            "with-alg-none",
            ("alg", json!("none")),
            "RFC 7517 section 4.4",
        ),
        (
            "with-alg-hs256",
            ("alg", json!("HS256")),
            "RFC 7517 section 4.4",
        ),
        (
            "with-alg-of-another-curve",
            ("alg", json!("ES384")),
            "RFC 7517 section 4.4",
        ),
        (
            "with-alg-of-encryption",
            ("alg", json!("ECDH-ES")),
            "RFC 7517 section 4.4",
        ),
        (
            "with-an-unknown-alg",
            ("alg", json!("ES256K")),
            "RFC 7517 section 4.4",
        ),
        (
            "with-alg-as-a-number",
            ("alg", json!(256)),
            "RFC 7517 section 4.4",
        ),
    ]
    .into_iter()
    .map(|(name, (member, value), source)| {
        bad(
            format!("key-{name}"),
            source,
            Reason::UnknownKey,
            move || {
                let jwk = with(ring().strange_ec.public_jwk(), member, value.clone());
                beside(jwk, ring().signed(&ring().strange_ec))
            },
        )
    })
    .collect();
    rows.extend([
        bad(
            "key-oct-in-a-public-set",
            "RFC 8725 section 3.5",
            Reason::UnknownKey,
            || {
                let key = SigningKey::hmac(Algorithm::HS256, [9; 32]);
                beside(key.public_jwk(), ring().signed(&key))
            },
        )
        .catches(&["CVE-2026-48526"]),
        bad(
            "key-oct-empty-in-a-public-set",
            "RFC 7518 section 3.2",
            Reason::UnknownKey,
            || {
                let key = SigningKey::hmac(Algorithm::HS256, []);
                beside(key.public_jwk(), ring().signed(&key))
            },
        )
        .catches(&["CVE-2026-49852", "CVE-2026-44699"]),
        good("twin-key-to-verify", "RFC 7517 section 4.3", || {
            let jwk = with(
                ring().strange_ec.public_jwk(),
                "key_ops",
                json!(["verify", "sign"]),
            );
            beside(jwk, ring().signed(&ring().strange_ec))
        }),
        good("twin-key-that-says-nothing", "RFC 7517 section 4", || {
            let jwk = without(without(ring().strange_ec.public_jwk(), "use"), "alg");
            beside(jwk, ring().signed(&ring().strange_ec))
        })
        .catches(&["CVE-2026-22818"]),
    ]);
    rows
}

/// What surrounds the keys.
fn documents() -> Vec<Attack> {
    let twice = |member: &str| {
        let jwk =
            ring()
                .strange_ec
                .public_jwk()
                .to_string()
                .replacen('{', &format!("{{{member},"), 1);
        let document = format!(r#"{{"keys":[{jwk},{}]}}"#, ring().es256.public_jwk());
        Attempt::from(ring().signed(&ring().strange_ec)).document(document)
    };
    vec![
        bad("key-with-kid-twice", JWK, Reason::UnknownKey, move || {
            twice(r#""kid":"other""#)
        }),
        bad("key-with-kty-twice", JWK, Reason::UnknownKey, move || {
            twice(r#""kty":"oct""#)
        }),
        bad("key-with-x-twice", JWK, Reason::UnknownKey, move || {
            twice(r#""x":"AA""#)
        }),
        bad("key-with-use-twice", JWK, Reason::UnknownKey, move || {
            twice(r#""use":"enc""#)
        }),
        bad(
            "key-with-an-escaped-name-twice",
            JWK,
            Reason::UnknownKey,
            move || twice(r#""\u006bid":"x""#),
        ),
        good(
            "twin-key-beside-null-and-nonsense",
            "RFC 7517 section 5",
            || {
                let keys = json!([null, 1, "x", [], {}, {"kty": "EC"}, ring().es256.public_jwk()]);
                Attempt::from(ring().good()).document(json!({ "keys": keys }).to_string())
            },
        )
        .catches(&["CVE-2026-42576"]),
        good(
            "twin-two-kinds-of-key-under-one-kid-first",
            "RFC 7517 section 4.5",
            || same_kid(ring().signed(&ring().rs256)),
        ),
        good(
            "twin-two-kinds-of-key-under-one-kid-second",
            "RFC 7517 section 4.5",
            || same_kid(ring().signed(&ring().strange_ec)),
        ),
        good(
            "twin-two-keys-of-one-kind-under-one-kid",
            "RFC 7517 section 4.5",
            || {
                let second = with(ring().es256.public_jwk(), "kid", "es256");
                let first = with(ring().strange_ec.public_jwk(), "kid", "es256");
                Attempt::from(ring().good()).published([first, second])
            },
        ),
    ]
}

fn same_kid(token: authz_testkit::TokenBuilder) -> Attempt {
    let keys = [ring().rs256.public_jwk(), ring().strange_ec.public_jwk()].map(named);
    let control = ring().good().build();
    let keys = keys.into_iter().chain([ring().es256.public_jwk()]);
    Attempt::from(token.kid(Some("bad")))
        .published(keys)
        .control(control)
}

/// The key under the kid `bad`, beside a good one, and a token that names it.
pub(super) fn beside(jwk: Value, token: authz_testkit::TokenBuilder) -> Attempt {
    Attempt::from(token.kid(Some("bad"))).published([named(jwk), ring().es256.public_jwk()])
}

pub(super) fn named(jwk: Value) -> Value {
    with(jwk, "kid", "bad")
}

fn coordinate(jwk: &Value, member: &str) -> Vec<u8> {
    let text = jwk[member].as_str().unwrap_or_default();
    URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
}
