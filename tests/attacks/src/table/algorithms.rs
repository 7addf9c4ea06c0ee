//! What stands in `alg`.

use authz_core::{Algorithm, Issuer, Reason, jwks::StaticKeys};
use authz_testkit::SigningKey;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{AUDIENCE, Attack, Attempt, ring, sign};

const NONE: &str = "RFC 8725 section 3.1";
const NAMES: &str = "RFC 7515 section 4.1.1";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = none();
    rows.extend(unknown());
    rows.extend(not_a_name());
    rows.extend(allow_list());
    rows.extend(accepted());
    rows
}

/// RFC 7519 section 6: an unsecured JWT says `none` and has no signature.
fn none() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("none", "none"),
        ("None", "none-capitalized"),
        ("NONE", "none-upper-case"),
        ("nOnE", "none-mixed-case"),
        ("none ", "none-and-a-space"),
        (" none", "a-space-and-none"),
        ("none\0", "none-and-nul"),
        ("n\u{43e}ne", "none-with-cyrillic-o"),
        ("", "empty"),
        ("null", "the-word-null"),
    ]
    .into_iter()
    .map(|(alg, name)| {
        bad(
            format!("alg-{name}"),
            NONE,
            Reason::AlgorithmNotAllowed,
            move || ring().good().header("alg", alg).signature([0; 64]),
        )
    })
    .collect();
    rows.push(
        bad(
            "alg-none-with-a-good-signature",
            NONE,
            Reason::AlgorithmNotAllowed,
            || ring().good().header("alg", "none"),
        )
        .catches(&["CVE-2020-15240", "CVE-2026-23518"]),
    );
    rows.push(bad(
        "alg-none-without-signature",
        NONE,
        Reason::MalformedToken,
        || ring().good().header("alg", "none").signature([]),
    ));
    rows.push(bad(
        "alg-none-in-two-parts",
        NONE,
        Reason::MalformedToken,
        || {
            let token = ring().good().header("alg", "none").build();
            let (unsigned, _) = token.rsplit_once('.').expect("three parts");
            Attempt::token(unsigned)
        },
    ));
    rows
}

fn unknown() -> Vec<Attack> {
    [
        ("rs256", "lower-case"),
        ("Es256", "mixed-case"),
        ("eddsa", "eddsa-lower-case"),
        ("HS1", "hmac-sha-1"),
        ("RS1", "rsa-sha-1"),
        ("ES256K", "secp256k1"),
        ("Ed448", "ed448"),
        ("SLH-DSA-SHA2-128s", "post-quantum"),
        ("dir", "direct-encryption"),
        ("RSA-OAEP", "rsa-encryption"),
        ("A128KW", "key-wrapping"),
        ("PBES2-HS256+A128KW", "password-based"),
        ("ES256 ", "trailing-space"),
        ("ES256\0", "trailing-nul"),
        ("ES256,none", "a-list-in-a-string"),
        ("SHA256withECDSA", "of-another-library"),
        (
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "of-xml",
        ),
    ]
    .into_iter()
    .map(|(alg, name)| {
        bad(
            format!("alg-{name}"),
            NAMES,
            Reason::AlgorithmNotAllowed,
            move || ring().good().header("alg", alg),
        )
        .catches(match alg {
            "PBES2-HS256+A128KW" => &["CVE-2023-52428"],
            _ => &[],
        })
    })
    .collect()
}

fn not_a_name() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        (Value::Null, "null"),
        (json!(0), "zero"),
        (json!(true), "true"),
        (json!(["ES256"]), "an-array"),
        (json!({"ES256": 1}), "an-object"),
    ]
    .into_iter()
    .map(|(alg, name)| {
        bad(
            format!("alg-is-{name}"),
            NAMES,
            Reason::MalformedHeader,
            move || ring().good().header("alg", alg.clone()),
        )
        .catches(&["CVE-2021-46743"])
    })
    .collect();
    rows.push(
        bad("alg-missing", NAMES, Reason::AlgorithmNotAllowed, || {
            ring().good().without_header("alg")
        })
        .catches(&["CVE-2026-22817", "GHSA-8wpc-h4q6-8fxv"]),
    );
    // The unprotected header of the JSON serialization has nothing to say in the compact one.
    rows.push(
        bad(
            "alg-in-an-unprotected-header",
            "RFC 7515 section 7.2",
            Reason::AlgorithmNotAllowed,
            || {
                ring()
                    .good()
                    .without_header("alg")
                    .header("header", json!({"alg": "ES256"}))
            },
        )
        .catches(&["GHSA-jc38-x7x8-2xc8"]),
    );
    rows
}

fn allow_list() -> Vec<Attack> {
    vec![
        bad(
            "alg-good-but-not-accepted",
            NONE,
            Reason::AlgorithmNotAllowed,
            || {
                Attempt::from(ring().good())
                    .issuer_rules(|issuer| issuer.algorithms([Algorithm::RS256]))
                    .control(ring().signed(&ring().rs256).build())
            },
        )
        .catches(&["PYSEC-2026-176"]),
        // Nothing behind the header is read for an algorithm that nobody here accepts.
        bad(
            "alg-not-accepted-and-claims-that-are-none",
            "RFC 8725 section 3.1",
            Reason::AlgorithmNotAllowed,
            || {
                Attempt::from(ring().good().raw_payload("null"))
                    .issuer_rules(|issuer| issuer.algorithms([Algorithm::RS256]))
                    .control(ring().signed(&ring().rs256).build())
            },
        ),
        bad(
            "alg-hmac-where-the-default-holds",
            NONE,
            Reason::AlgorithmNotAllowed,
            || {
                let forger = SigningKey::hmac(Algorithm::HS256, ring().rs256.public_pem());
                Attempt::from(ring().signed(&forger).kid(Some("rs256")))
                    .issuer_rules(|issuer| issuer.algorithms([Algorithm::RS256]))
                    .control(ring().signed(&ring().rs256).build())
            },
        ),
        bad(
            "alg-accepted-of-another-issuer-only",
            NONE,
            Reason::AlgorithmNotAllowed,
            || {
                let attempt = Attempt::from(ring().signed(&ring().rs256))
                    .issuer_rules(|issuer| issuer.algorithms([Algorithm::ES256]));
                attempt.rules(|builder| {
                    let keys = ring().published().to_string();
                    let keys = StaticKeys::from_jwks(keys.as_bytes()).expect("the ring");
                    let partner = Issuer::new("https://partner.example")
                        .audience(AUDIENCE)
                        .keys(keys);
                    builder.issuer(partner)
                })
            },
        ),
        bad(
            "alg-of-the-key-is-narrower-than-the-list",
            "RFC 7517 section 4.4",
            Reason::KeyNotForAlgorithm,
            || {
                let key = ring().rs256.clone().with_algorithm(Algorithm::RS512);
                ring().signed(&key)
            },
        )
        .catches(&["PYSEC-2026-176"]),
    ]
}

fn accepted() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ]
    .into_iter()
    .map(|algorithm| {
        good(
            format!("twin-{algorithm}-with-a-key-without-alg"),
            "RFC 7518 section 3.1",
            move || ring().signed(&ring().rsa.clone().with_algorithm(algorithm)),
        )
    })
    .collect();
    rows.extend([
        good("twin-rs256", "RFC 7518 section 3.3", || {
            ring().signed(&ring().rs256)
        }),
        good("twin-ps256", "RFC 7518 section 3.5", || {
            ring().signed(&ring().ps256)
        }),
        good("twin-es256", "RFC 7518 section 3.4", || {
            ring().signed(&ring().es256)
        }),
        good("twin-es384", "RFC 7518 section 3.4", || {
            ring().signed(&ring().es384)
        }),
        good("twin-es512", "RFC 7518 section 3.4", || {
            ring().signed(&ring().es512)
        }),
        good("twin-eddsa", "RFC 8037 section 3.1", || {
            ring().signed(&ring().ed25519)
        }),
        good("twin-eddsa-by-its-new-name", "RFC 9864 section 2.2", || {
            ring().signed(&ring().ed25519).header("alg", "Ed25519")
        }),
        bad(
            "alg-good-signature-not",
            "RFC 7515 section 5.2",
            Reason::InvalidSignature,
            || {
                Attempt::token(sign::bend(&ring().good().build(), |mut signature| {
                    signature[40] ^= 1;
                    signature
                }))
            },
        )
        .catches(&["CVE-2026-23518", "CVE-2020-15240"]),
    ]);
    for (algorithm, len) in [
        (Algorithm::HS256, 32),
        (Algorithm::HS384, 48),
        (Algorithm::HS512, 64),
    ] {
        rows.push(good(
            format!("twin-{algorithm}"),
            "RFC 7518 section 3.2",
            move || {
                let key = SigningKey::hmac(algorithm, vec![7; len]);
                let token = ring().signed(&key).build();
                Attempt::token(&token)
                    .secret(algorithm, vec![7; len])
                    .control(token)
            },
        ));
    }
    rows
}
