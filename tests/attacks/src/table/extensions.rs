//! `crit`, `b64`, `zip`, `enc`: what a token asks to be understood, and nobody here understands.

use authz_core::Reason;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, Attempt, ring, sign};

const CRIT: &str = "RFC 7515 section 4.1.11";
const B64: &str = "RFC 7797 section 3";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("a-known-name", json!(["exp"])),
        ("an-unknown-name", json!(["urn:example:policy"])),
        ("b64", json!(["b64"])),
        ("alg", json!(["alg"])),
        ("nothing", json!([])),
        ("the-empty-name", json!([""])),
        ("a-name-twice", json!(["exp", "exp"])),
        ("a-name-that-is-missing", json!(["missing"])),
        ("a-string", json!("exp")),
        ("an-object", json!({"exp": true})),
        ("a-number", json!(1)),
        ("numbers", json!([1, null])),
        ("null", Value::Null),
        ("false", json!(false)),
    ]
    .into_iter()
    .map(|(name, crit)| {
        bad(
            format!("crit-with-{name}"),
            CRIT,
            Reason::UnsupportedExtension,
            move || ring().good().header("crit", crit.clone()).header("exp", 1),
        )
        .catches(match name {
            "an-unknown-name" => &["CVE-2026-32597", "CVE-2025-59420", "fast-jwt@80b49c7"],
            _ => &[],
        })
    })
    .collect();
    rows.extend([
        bad("crit-twice", CRIT, Reason::MalformedHeader, || {
            ring()
                .good()
                .raw_header(r#"{"alg":"ES256","kid":"es256","crit":["exp"],"crit":[]}"#)
        }),
        bad(
            "crit-with-a-name-twice-inside",
            CRIT,
            Reason::MalformedHeader,
            || {
                ring()
                    .good()
                    .raw_header(r#"{"alg":"ES256","kid":"es256","crit":[{"a":1,"a":2}]}"#)
            },
        ),
        bad(
            "crit-after-alg-none",
            CRIT,
            Reason::UnsupportedExtension,
            || {
                ring()
                    .good()
                    .header("alg", "none")
                    .header("crit", json!(["exp"]))
            },
        ),
        bad(
            "crit-with-an-escape-in-its-name",
            CRIT,
            Reason::UnsupportedExtension,
            || {
                ring()
                    .good()
                    .raw_header(r#"{"alg":"ES256","kid":"es256","cri\u0074":["x"]}"#)
            },
        ),
        good("twin-crit-in-another-case-is-another-name", CRIT, || {
            ring().good().header("CRIT", json!(["exp"]))
        }),
        good(
            "twin-an-unknown-member-is-ignored",
            "RFC 7515 section 4",
            || {
                ring()
                    .good()
                    .header("urn:example:policy", json!({"deep": [1, 2]}))
            },
        ),
    ]);
    rows.extend([
        bad(
            "b64-false-with-crit",
            B64,
            Reason::UnsupportedExtension,
            || {
                ring()
                    .good()
                    .header("b64", false)
                    .header("crit", json!(["b64"]))
            },
        )
        .catches(&["PYSEC-2026-178"]),
        bad(
            "b64-false-without-crit",
            B64,
            Reason::UnsupportedExtension,
            || ring().good().header("b64", false),
        ),
        bad(
            "b64-false-and-the-payload-as-it-is",
            B64,
            Reason::MalformedToken,
            || {
                let token = ring()
                    .good()
                    .header("b64", false)
                    .header("crit", json!(["b64"]));
                // Without a dot inside: as many parts as there should be.
                let payload = r#"{"sub":"admin"}"#;
                let token = token.build();
                let (header, _) = token.split_once('.').expect("three parts");
                Attempt::token(sign::resign(&format!("{header}.{payload}.x"), |input| {
                    ring().es256.sign(input)
                }))
            },
        ),
        bad(
            "b64-false-and-a-megabyte",
            B64,
            Reason::TokenTooLarge,
            || {
                let token = ring()
                    .good()
                    .header("b64", false)
                    .header("crit", json!(["b64"]));
                token
                    .claim("filler", "f".repeat(1 << 20))
                    .signature([0; 64])
            },
        )
        .catches(&["PYSEC-2026-178"]),
        bad("b64-is-a-string", B64, Reason::MalformedHeader, || {
            ring().good().header("b64", "false")
        }),
        bad("b64-is-null", B64, Reason::MalformedHeader, || {
            ring().good().header("b64", Value::Null)
        }),
        good("twin-b64-true-is-the-default", B64, || {
            ring().good().header("b64", true)
        }),
        bad(
            "zip-deflate",
            "RFC 8725 section 3.6",
            Reason::UnsupportedExtension,
            || ring().good().header("zip", "DEF"),
        )
        .catches(&["CVE-2024-28180"]),
        bad(
            "zip-is-null",
            "RFC 8725 section 3.6",
            Reason::UnsupportedExtension,
            || ring().good().header("zip", Value::Null),
        ),
        bad(
            "enc-in-a-jws",
            "RFC 7516 section 9",
            Reason::UnsupportedExtension,
            || ring().good().header("enc", "A256GCM"),
        )
        .catches(&["CVE-2023-51774"]),
    ]);
    rows
}
