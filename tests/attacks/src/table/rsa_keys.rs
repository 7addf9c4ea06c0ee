//! RSA keys that are too weak, too large or no keys at all (RFC 7518 section 6.3.1), published beside
//! a good key.

use authz_core::Reason;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{
    bad, good,
    key_sets::{beside, named},
};
use crate::{
    Attack, Attempt, ring,
    ring::with,
    sign::{SHA256_INFO, base64url, pkcs1_block, resign, sha256},
};

const RSA: &str = "RFC 7518 section 3.3";
const JWK: &str = "RFC 7517 section 4";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("of-1024-bits", n(128, 0xff, 1), vec![1, 0, 1]),
        ("of-2040-bits", n(255, 0xff, 1), vec![1, 0, 1]),
        (
            "of-1024-bits-after-zeros",
            [vec![0; 128], n(128, 0xff, 1)].concat(),
            vec![1, 0, 1],
        ),
        ("of-8200-bits", n(1025, 0xff, 1), vec![1, 0, 1]),
        ("of-16384-bits", n(2048, 0xff, 1), vec![1, 0, 1]),
        ("with-an-even-modulus", n(256, 0xff, 0xfe), vec![1, 0, 1]),
        ("with-a-modulus-of-zeros", vec![0; 256], vec![1, 0, 1]),
        ("without-modulus", vec![], vec![1, 0, 1]),
        ("with-an-even-exponent", n(256, 0xff, 1), vec![1, 0, 0]),
        ("with-exponent-2", n(256, 0xff, 1), vec![2]),
        ("with-exponent-0", n(256, 0xff, 1), vec![0]),
        ("without-exponent", n(256, 0xff, 1), vec![]),
        (
            "with-an-exponent-of-its-own-size",
            n(256, 0xff, 1),
            n(256, 0x7f, 1),
        ),
    ]
    .into_iter()
    .map(|(name, n, e)| {
        bad(
            format!("rsa-key-{name}"),
            RSA,
            Reason::UnknownKey,
            move || {
                let jwk = json!({"kty": "RSA", "n": base64url(&n), "e": base64url(&e)});
                beside(jwk, ring().signed(&ring().rs256))
            },
        )
    })
    .collect();
    rows.extend([
        // With e = 1 the padded digest is its own signature.
        bad("rsa-key-with-exponent-1", RSA, Reason::UnknownKey, || {
            let jwk = with(ring().rs256.public_jwk(), "e", base64url([1]));
            let token = ring().signed(&ring().rs256).kid(Some("bad")).build();
            let forged = resign(&token, |input| {
                pkcs1_block(256, &SHA256_INFO, &sha256(input))
            });
            Attempt::token(forged).published([named(jwk), ring().es256.public_jwk()])
        }),
        bad(
            "rsa-key-with-padding-in-n",
            "RFC 7518 section 6.3.1.1",
            Reason::UnknownKey,
            || {
                let key = ring().rs256.public_jwk();
                let n = format!("{}==", key["n"].as_str().unwrap_or_default());
                beside(with(key, "n", n), ring().signed(&ring().rs256))
            },
        ),
        bad(
            "rsa-key-with-a-number-for-n",
            JWK,
            Reason::UnknownKey,
            || {
                beside(
                    with(ring().rs256.public_jwk(), "n", 7),
                    ring().signed(&ring().rs256),
                )
            },
        ),
        good("twin-rsa-key", RSA, || {
            beside(ring().rs256.public_jwk(), ring().signed(&ring().rs256))
        }),
        good(
            "twin-rsa-key-with-a-zero-before-n",
            "RFC 7518 section 6.3.1.1",
            || {
                let key = ring().rs256.public_jwk();
                let n = URL_SAFE_NO_PAD
                    .decode(key["n"].as_str().unwrap_or_default())
                    .unwrap_or_default();
                let n = base64url([&[0][..], &n].concat());
                beside(with(key, "n", n), ring().signed(&ring().rs256))
            },
        ),
    ]);
    rows
}

/// `len` bytes of `fill`, but for the last.
fn n(len: usize, fill: u8, last: u8) -> Vec<u8> {
    let mut n = vec![fill; len];
    n[len - 1] = last;
    n
}
