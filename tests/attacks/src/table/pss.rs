//! RSASSA-PSS signatures (RFC 8017 section 9.1): the salt is as long as the hash (RFC 7518 section
//! 3.5), the mask is made with the same hash, and the block ends in `bc`.

use authz_core::{Algorithm, Reason};
use sha2::{Digest, Sha256, Sha512};

use super::{bad, good};
use crate::{
    Attack, Attempt, ring,
    sign::{bend, resign, rsa_raw, sha256},
};

const PSS: &str = "RFC 8017 section 9.1.2";
const SALT: &str = "RFC 7518 section 3.5";
const LEN: usize = 256;

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [0, 1, 20, 31, 33, 64, LEN - 32 - 2]
        .into_iter()
        .map(|salt| {
            bad(
                format!("ps256-salt-of-{salt}-bytes"),
                SALT,
                Reason::InvalidSignature,
                move || signed(move |digest| encode(digest, &vec![7; salt], mgf1::<Sha256>)),
            )
        })
        .collect();
    rows.extend([
        bad(
            "ps256-mask-of-sha-512",
            SALT,
            Reason::InvalidSignature,
            || signed(|digest| encode(digest, &[7; 32], mgf1::<Sha512>)),
        ),
        bad(
            "ps256-another-last-byte",
            PSS,
            Reason::InvalidSignature,
            || signed(|digest| edited(digest, LEN - 1, |_| 0xcc)),
        ),
        bad(
            "ps256-highest-bit-set",
            PSS,
            Reason::InvalidSignature,
            || {
                // The block stays below the modulus only with the next bits clear: its fill says so.
                signed(|digest| edited(digest, 0, |byte| byte ^ 0x40))
            },
        ),
        bad(
            "ps256-no-one-before-the-salt",
            PSS,
            Reason::InvalidSignature,
            || signed(|digest| edited(digest, LEN - 32 - 1 - 32 - 1, |byte| byte ^ 1)),
        ),
        bad(
            "ps256-digest-of-something-else",
            PSS,
            Reason::InvalidSignature,
            || signed(|_| encode(&[7; 32], &[7; 32], mgf1::<Sha256>)),
        ),
        bad(
            "ps256-pkcs1-in-place-of-pss",
            "RFC 8017 section 8",
            Reason::InvalidSignature,
            || {
                let pss = ring().rsa.clone().with_algorithm(Algorithm::PS256);
                ring().signed(&pss).signed_by(&ring().rsa)
            },
        ),
        bad(
            "ps256-key-signs-with-sha-512",
            SALT,
            Reason::InvalidSignature,
            || {
                ring()
                    .signed(&ring().ps256)
                    .signed_by(&ring().ps256.clone().with_algorithm(Algorithm::PS512))
            },
        ),
        bad(
            "ps256-one-byte-short",
            PSS,
            Reason::InvalidSignature,
            || Attempt::token(bend(&token(), |good| good[..LEN - 1].to_vec())),
        ),
        bad("ps256-zero-before", PSS, Reason::InvalidSignature, || {
            Attempt::token(bend(&token(), |good| [&[0][..], &good].concat()))
        }),
        bad("ps256-by-a-stranger", PSS, Reason::InvalidSignature, || {
            let stranger = ring().strange_rsa.clone().with_algorithm(Algorithm::PS256);
            ring().signed(&ring().ps256).signed_by(&stranger)
        }),
        good("twin-ps256-block-made-by-hand", PSS, || {
            signed(|digest| encode(digest, &[7; 32], mgf1::<Sha256>))
        }),
        good("twin-pss-ps256", PSS, || Attempt::token(token())),
    ]);
    rows
}

fn token() -> String {
    ring().signed(&ring().ps256).build()
}

fn signed(block: impl Fn(&[u8]) -> Vec<u8>) -> Attempt {
    Attempt::token(resign(&token(), |input| {
        rsa_raw(&ring().ps256, &block(&sha256(input)))
    }))
}

fn edited(digest: &[u8], at: usize, edit: fn(u8) -> u8) -> Vec<u8> {
    let mut block = encode(digest, &[7; 32], mgf1::<Sha256>);
    block[at] = edit(block[at]);
    block
}

/// EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) for a modulus of 2048 bits and SHA-256.
fn encode(digest: &[u8], salt: &[u8], mask: fn(&[u8], usize) -> Vec<u8>) -> Vec<u8> {
    let hash = sha256(&[&[0; 8][..], digest, salt].concat());
    let fill = LEN - 32 - 1 - salt.len() - 1;
    let mut block = [&vec![0; fill][..], &[1], salt].concat();
    for (byte, mask) in block.iter_mut().zip(mask(&hash, LEN - 32 - 1)) {
        *byte ^= mask;
    }
    // One bit less than the modulus.
    block[0] &= 0x7f;
    [&block[..], &hash, &[0xbc]].concat()
}

fn mgf1<D: Digest>(seed: &[u8], len: usize) -> Vec<u8> {
    let mut mask = Vec::new();
    for counter in 0_u32.. {
        if mask.len() >= len {
            break;
        }
        mask.extend_from_slice(&D::digest([seed, &counter.to_be_bytes()].concat()));
    }
    mask.truncate(len);
    mask
}
