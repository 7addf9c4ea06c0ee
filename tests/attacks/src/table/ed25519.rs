//! Ed25519 signatures (RFC 8032 section 5.1.7), and points that are no keys.

use authz_core::Reason;
use serde_json::json;

use super::{bad, good};
use crate::{
    Attack, Attempt, ring,
    sign::{base64url, bend, ed25519_large_s, ed25519_neutral_r, resign},
};

const VERIFY: &str = "RFC 8032 section 5.1.7";
const SMALL: &str = "RFC 8725 section 3.4";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = forgeries()
        .into_iter()
        .map(|(name, make)| {
            bad(
                format!("ed25519-{name}"),
                VERIFY,
                Reason::InvalidSignature,
                move || Attempt::token(bend(&token(), make)),
            )
        })
        .collect();
    rows.push(bad(
        "ed25519-r-neutral-by-the-holder-of-the-key",
        VERIFY,
        Reason::InvalidSignature,
        || {
            Attempt::token(resign(&token(), |input| {
                ed25519_neutral_r(&ring().ed25519, input)
            }))
        },
    ));
    rows.extend(small_order());
    rows.push(good("twin-ed25519", VERIFY, || Attempt::token(token())));
    rows
}

type Forgery = fn(Vec<u8>) -> Vec<u8>;

fn forgeries() -> Vec<(&'static str, Forgery)> {
    vec![
        ("s-plus-the-order", ed25519_large_s),
        ("s-all-ones", |good| [&good[..32], &[0xff; 32]].concat()),
        ("s-with-its-highest-bits", |mut good| {
            good[63] |= 0xe0;
            good
        }),
        ("all-zero", |_| vec![0; 64]),
        ("all-ones", |_| vec![0xff; 64]),
        ("r-neutral-s-zero", |_| {
            let mut signature = vec![0; 64];
            signature[0] = 1;
            signature
        }),
        ("r-and-s-exchanged", |good| {
            [&good[32..], &good[..32]].concat()
        }),
        ("r-with-the-other-sign", |mut good| {
            good[31] ^= 0x80;
            good
        }),
        ("a-bit-of-s", |mut good| {
            good[32] ^= 1;
            good
        }),
        ("one-byte-short", |good| good[..63].to_vec()),
        ("one-byte-long", |good| [&good[..], &[0]].concat()),
        ("as-long-as-ed448", |good| [&good[..], &[0; 50]].concat()),
    ]
}

/// Under a point of small order one signature, `R` neutral and `S` zero, fits one message in eight
/// at the least, and every message under the neutral element.
fn small_order() -> Vec<Attack> {
    let points: [(&str, [u8; 32]); 5] = [
        ("the-neutral-element", point(1, 0, 0)),
        (
            "the-neutral-element-written-otherwise",
            point(0xee, 0xff, 0x7f),
        ),
        ("the-point-of-order-2", point(0xec, 0xff, 0x7f)),
        ("a-point-of-order-4", point(0, 0, 0)),
        ("a-point-of-order-4-with-the-sign", point(0, 0, 0x80)),
    ];
    points
        .into_iter()
        .map(|(name, point)| {
            bad(format!("ed25519-key-is-{name}"), SMALL, Reason::UnknownKey, move || {
                let weak = json!({"kty": "OKP", "crv": "Ed25519", "kid": "weak", "x": base64url(point)});
                let mut signature = vec![0; 64];
                signature[0] = 1;
                let token = ring().signed(&ring().ed25519).kid(Some("weak")).signature(signature);
                Attempt::from(token).published([weak, ring().es256.public_jwk()])
            })
        })
        .collect()
}

fn point(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut point = [middle; 32];
    point[0] = first;
    point[31] = last;
    point
}

fn token() -> String {
    ring().signed(&ring().ed25519).build()
}
