//! ECDSA signatures (RFC 7518 section 3.4): `r || s`, both from 1 to the order less one.

use authz_core::Reason;

use super::{bad, good};
use crate::{
    Attack, Attempt, ring,
    sign::{P256_ORDER, bend, der, resign, subtract},
};

const FORM: &str = "RFC 7518 section 3.4";
const PSYCHIC: &str = "CVE-2022-21449";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (kid, half) in [("es256", 32), ("es384", 48), ("es512", 66)] {
        for (name, source, make) in forgeries() {
            rows.push(
                bad(
                    format!("{kid}-{name}"),
                    source,
                    Reason::InvalidSignature,
                    move || {
                        let token = ring().signed(ring().named(kid)).build();
                        Attempt::token(bend(&token, |signature| make(&signature, half)))
                    },
                )
                .catches(if source == PSYCHIC { &[PSYCHIC] } else { &[] }),
            );
        }
    }
    rows.extend(p256());
    rows
}

type Forgery = fn(&[u8], usize) -> Vec<u8>;

fn forgeries() -> Vec<(&'static str, &'static str, Forgery)> {
    vec![
        ("all-zero", PSYCHIC, |_, half| vec![0; 2 * half]),
        ("r-zero", PSYCHIC, |good, half| {
            [&vec![0; half][..], &good[half..]].concat()
        }),
        ("s-zero", PSYCHIC, |good, half| {
            [&good[..half], &vec![0; half]].concat()
        }),
        ("r-and-s-one", FORM, |_, half| {
            [one(half), one(half)].concat()
        }),
        ("all-ones", FORM, |_, half| vec![0xff; 2 * half]),
        ("r-all-ones", FORM, |good, half| {
            [&vec![0xff; half][..], &good[half..]].concat()
        }),
        ("s-all-ones", FORM, |good, half| {
            [&good[..half], &vec![0xff; half]].concat()
        }),
        ("r-and-s-exchanged", FORM, |good, half| {
            [&good[half..], &good[..half]].concat()
        }),
        ("in-der", FORM, |good, _| der(good)),
        ("one-byte-short", FORM, |good, half| {
            good[..2 * half - 1].to_vec()
        }),
        ("one-byte-long", FORM, |good, _| [good, &[0]].concat()),
        ("padded-in-both-halves", FORM, |good, half| {
            [&[0][..], &good[..half], &[0], &good[half..]].concat()
        }),
        ("r-alone", FORM, |good, half| good[..half].to_vec()),
        ("twice", FORM, |good, _| [good, good].concat()),
        ("one-byte", FORM, |_, _| vec![0]),
        ("a-bit-of-r", FORM, |good, half| flip(good, half - 1)),
        ("a-bit-of-s", FORM, |good, half| flip(good, 2 * half - 1)),
        ("the-highest-bit-of-r", FORM, |good, half| {
            let mut bad = good.to_vec();
            // P-521 has one bit in its first byte; the others are full.
            bad[0] ^= if half == 66 { 1 } else { 0x80 };
            bad
        }),
    ]
}

/// What needs the order of the curve, or another key.
fn p256() -> Vec<Attack> {
    fn bent(change: impl Fn(&[u8]) -> Vec<u8>) -> Attempt {
        Attempt::token(bend(&ring().good().build(), |signature| change(&signature)))
    }
    vec![
        bad(
            "es256-r-is-the-order",
            PSYCHIC,
            Reason::InvalidSignature,
            || bent(|good| [&P256_ORDER, &good[32..]].concat()),
        )
        .catches(&[PSYCHIC]),
        bad(
            "es256-s-is-the-order",
            PSYCHIC,
            Reason::InvalidSignature,
            || bent(|good| [&good[..32], &P256_ORDER].concat()),
        )
        .catches(&[PSYCHIC]),
        bad(
            "es256-r-and-s-are-the-order",
            PSYCHIC,
            Reason::InvalidSignature,
            || bent(|_| [P256_ORDER, P256_ORDER].concat()),
        )
        .catches(&[PSYCHIC]),
        bad(
            "es256-r-one-less-than-the-order",
            FORM,
            Reason::InvalidSignature,
            || bent(|good| [&subtract(&P256_ORDER, &one(32))[..], &good[32..]].concat()),
        ),
        bad(
            "es256-of-another-payload",
            "RFC 7515 section 5.2",
            Reason::InvalidSignature,
            || {
                let other = ring().good().subject("other").build();
                let (_, signature) = other.rsplit_once('.').expect("three parts");
                let token = ring().good().build();
                let (input, _) = token.rsplit_once('.').expect("three parts");
                Attempt::token(format!("{input}.{signature}"))
            },
        ),
        bad(
            "es256-of-the-payload-alone",
            "RFC 7515 section 5.2",
            Reason::InvalidSignature,
            || {
                let token = ring().good();
                let signature = ring().es256.sign(&token.payload_json());
                token.signature(signature)
            },
        ),
        bad(
            "es256-of-another-header",
            "RFC 7515 section 5.2",
            Reason::InvalidSignature,
            || {
                let token = ring().good().header("x", 1).build();
                Attempt::token(resign(&token, |_| {
                    let other = ring().good().build();
                    let (input, _) = other.rsplit_once('.').expect("three parts");
                    ring().es256.sign(input.as_bytes())
                }))
            },
        ),
        bad(
            "es256-by-a-stranger",
            "RFC 7515 section 5.2",
            Reason::InvalidSignature,
            || ring().good().signed_by(&ring().strange_ec),
        )
        .catches(&["CVE-2020-15240"]),
        // ECDSA itself lets anybody turn s into its negative: the signature is as good, so that a
        // token's text is no identifier of the token (RFC 9068 has `jti` for that).
        good("twin-es256-s-negated", "SEC 1 section 4.1.4", || {
            bent(|good| [&good[..32], &subtract(&P256_ORDER, &good[32..])].concat())
        }),
        good("twin-ecdsa-es256", FORM, || ring().signed(&ring().es256)),
        good("twin-ecdsa-es384", FORM, || ring().signed(&ring().es384)),
        good("twin-ecdsa-es512", FORM, || ring().signed(&ring().es512)),
    ]
}

fn one(half: usize) -> Vec<u8> {
    let mut one = vec![0; half];
    one[half - 1] = 1;
    one
}

fn flip(good: &[u8], at: usize) -> Vec<u8> {
    let mut bad = good.to_vec();
    bad[at] ^= 1;
    bad
}
