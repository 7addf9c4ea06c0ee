//! RSASSA-PKCS1-v1_5 signatures (RFC 8017 section 8.2.2). Each forgery is a block that the issuer's
//! own key has signed: a verifier that skims the padding accepts it, and with an exponent of 3
//! anybody can make such a block (Bleichenbacher, 2006).

use authz_core::{Algorithm, Reason};

use super::{bad, good};
use crate::{
    Attack, Attempt, ring,
    sign::{SHA256_INFO, bend, pkcs1_block, resign, rsa_plus_modulus, rsa_raw, sha256},
};

const PADDING: &str = "RFC 8017 section 9.2";
const LENGTH: &str = "RFC 8017 section 8.2.2";
/// Bytes of the modulus.
const LEN: usize = 256;

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = blocks()
        .into_iter()
        .map(|(name, block)| {
            bad(
                format!("rs256-{name}"),
                PADDING,
                Reason::InvalidSignature,
                move || signed(block),
            )
        })
        .collect();
    rows.push(good("twin-rs256-block-made-by-hand", PADDING, || {
        signed(|digest| pkcs1_block(LEN, &SHA256_INFO, digest))
    }));
    rows.extend(numbers().into_iter().map(|(name, number)| {
        bad(
            format!("rs256-{name}"),
            LENGTH,
            Reason::InvalidSignature,
            move || Attempt::token(bend(&token(), number)),
        )
    }));
    rows.extend(others());
    rows
}

type Block = fn(&[u8]) -> Vec<u8>;

fn blocks() -> Vec<(&'static str, Block)> {
    vec![
        ("block-type-0", |digest| edit(digest, 1, 0)),
        ("block-type-2", |digest| edit(digest, 1, 2)),
        ("fill-with-another-byte", |digest| edit(digest, 20, 0xfe)),
        ("fill-with-zero", |digest| edit(digest, 20, 0)),
        ("no-zero-after-the-fill", |digest| {
            edit(digest, LEN - 52, 0xff)
        }),
        ("digest-info-of-another-tag", |digest| {
            edit(digest, LEN - 51, 0x31)
        }),
        ("digest-info-without-null", |digest| {
            let mut info = SHA256_INFO.to_vec();
            info.drain(15..17);
            (info[1], info[3]) = (info[1] - 2, info[3] - 2);
            pkcs1_block(LEN, &info, digest)
        }),
        ("digest-info-with-long-lengths", |digest| {
            let info = [&[0x30, 0x81, 0x31][..], &SHA256_INFO[2..]].concat();
            pkcs1_block(LEN, &info, digest)
        }),
        ("digest-info-with-an-integer-for-null", |digest| {
            let mut info = SHA256_INFO.to_vec();
            info[15] = 2;
            pkcs1_block(LEN, &info, digest)
        }),
        (
            "digest-info-with-bytes-hidden-in-its-parameters",
            |digest| {
                let mut info = SHA256_INFO.to_vec();
                info.splice(15..17, [4, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
                (info[1], info[3]) = (info[1] + 8, info[3] + 8);
                pkcs1_block(LEN, &info, digest)
            },
        ),
        ("digest-info-of-sha-1", |digest| {
            let info = [0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 0x1a, 5, 0, 4, 20];
            pkcs1_block(LEN, &info, &digest[..20])
        }),
        ("digest-info-of-sha-512", |digest| {
            let mut info = SHA256_INFO.to_vec();
            info[14] = 3;
            pkcs1_block(LEN, &info, digest)
        }),
        ("no-digest-info", |digest| pkcs1_block(LEN, &[], digest)),
        ("digest-with-a-byte-behind", |digest| {
            pkcs1_block(LEN, &SHA256_INFO, &[digest, &[0]].concat())
        }),
        ("digest-cut-short", |digest| {
            pkcs1_block(LEN, &SHA256_INFO, &digest[..31])
        }),
        ("digest-cut-short-and-said-so", |digest| {
            let mut info = SHA256_INFO.to_vec();
            (info[1], info[18]) = (0x21, 0x10);
            pkcs1_block(LEN, &info, &digest[..16])
        }),
        ("digest-to-the-left-and-garbage-behind", |digest| {
            let mut block = pkcs1_block(8 + 3 + 51, &SHA256_INFO, digest);
            block.resize(LEN, 0x5a);
            block
        }),
        ("digest-to-the-left-after-no-fill", |digest| {
            let mut block = pkcs1_block(3 + 51, &SHA256_INFO, digest);
            block.resize(LEN, 0);
            block
        }),
        ("digest-of-something-else", |_| {
            pkcs1_block(LEN, &SHA256_INFO, &[7; 32])
        }),
        ("digest-without-padding", |digest| {
            [&[0; LEN - 32][..], digest].concat()
        }),
        ("nothing-but-fill", |_| {
            let mut block = vec![0xff; LEN];
            block[..2].copy_from_slice(&[0, 1]);
            block
        }),
    ]
}

/// A change to an encoded block, with its name.
type Change = (&'static str, fn(Vec<u8>) -> Vec<u8>);

fn numbers() -> Vec<Change> {
    vec![
        ("signature-zero", |_| vec![0; LEN]),
        ("signature-one", |_| [&[0; LEN - 1][..], &[1]].concat()),
        ("signature-all-ones", |_| vec![0xff; LEN]),
        ("signature-of-one-byte", |_| vec![1]),
        ("signature-one-byte-short", |good| good[..LEN - 1].to_vec()),
        ("signature-without-its-first-byte", |good| {
            good[1..].to_vec()
        }),
        ("signature-one-byte-long", |good| [&good[..], &[0]].concat()),
        ("signature-with-a-zero-before", |good| {
            [&[0][..], &good].concat()
        }),
        ("signature-of-4096-bits", |good| [&good[..], &good].concat()),
        ("signature-backwards", |good| {
            good.into_iter().rev().collect()
        }),
        ("signature-with-a-bit-changed", |mut good| {
            good[128] ^= 1;
            good
        }),
    ]
}

fn others() -> Vec<Attack> {
    vec![
        bad(
            "rs256-signature-plus-the-modulus",
            LENGTH,
            Reason::InvalidSignature,
            || {
                // Fits the length only where the signature is small: made again until it is.
                let large = (0..).find_map(|i| {
                    let token = ring().signed(&ring().rs256).claim("try", i).build();
                    let mut large = None;
                    let bent = bend(&token, |good| {
                        large = rsa_plus_modulus(&ring().rs256, &good);
                        large.clone().unwrap_or_default()
                    });
                    large.map(|_| bent)
                });
                Attempt::token(large.expect("found sooner or later"))
            },
        ),
        bad(
            "rs256-key-signs-with-sha-384",
            PADDING,
            Reason::InvalidSignature,
            || {
                ring()
                    .signed(&ring().rs256)
                    .signed_by(&ring().rs256.clone().with_algorithm(Algorithm::RS384))
            },
        ),
        bad(
            "rs256-by-a-stranger",
            LENGTH,
            Reason::InvalidSignature,
            || ring().signed(&ring().rs256).signed_by(&ring().strange_rsa),
        ),
        bad(
            "rs256-pss-in-place-of-pkcs1",
            "RFC 8017 section 8",
            Reason::InvalidSignature,
            || {
                let pss = ring().rsa.clone().with_algorithm(Algorithm::PS256);
                ring().signed(&ring().rsa).signed_by(&pss)
            },
        ),
        bad(
            "rs256-ecdsa-in-place-of-rsa",
            LENGTH,
            Reason::InvalidSignature,
            || ring().signed(&ring().rs256).signed_by(&ring().es256),
        ),
        good("twin-pkcs1-rs256", LENGTH, || ring().signed(&ring().rs256)),
    ]
}

fn token() -> String {
    ring().signed(&ring().rs256).build()
}

fn signed(block: Block) -> Attempt {
    Attempt::token(resign(&token(), |input| {
        rsa_raw(&ring().rs256, &block(&sha256(input)))
    }))
}

/// The right block with one byte changed.
fn edit(digest: &[u8], at: usize, byte: u8) -> Vec<u8> {
    let mut block = pkcs1_block(LEN, &SHA256_INFO, digest);
    block[at] = byte;
    block
}
