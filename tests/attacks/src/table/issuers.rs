//! `iss`: compared to the letter, and settled before any key is looked at.

use authz_core::Reason;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, ISSUER, ring};

const ISS: &str = "RFC 9068 section 4";
const TYPE: &str = "RFC 7519 section 4.1.1";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("empty", ""),
        ("another", "https://attacker.example/"),
        ("without-the-slash", "https://issuer.example"),
        ("with-two-slashes", "https://issuer.example//"),
        ("in-upper-case", "https://ISSUER.example/"),
        ("with-the-scheme-in-upper-case", "HTTPS://issuer.example/"),
        ("http", "http://issuer.example/"),
        ("without-scheme", "issuer.example/"),
        ("with-a-port", "https://issuer.example:443/"),
        ("with-a-path", "https://issuer.example/tenant"),
        (
            "with-a-path-that-goes-up",
            "https://issuer.example/tenant/..",
        ),
        ("with-a-query", "https://issuer.example/?"),
        ("with-a-fragment", "https://issuer.example/#"),
        ("with-a-user", "https://user@issuer.example/"),
        ("as-a-user", "https://issuer.example@attacker.example/"),
        ("as-a-prefix", "https://issuer.example/.attacker.example/"),
        (
            "as-a-suffix",
            "https://attacker.example/https://issuer.example/",
        ),
        ("as-a-subdomain", "https://issuer.example.attacker.example/"),
        ("a-part", "issuer"),
        ("a-dot-more", "https://issuer.example./"),
        ("a-space-before", " https://issuer.example/"),
        ("a-space-behind", "https://issuer.example/ "),
        ("a-line-break-behind", "https://issuer.example/\n"),
        ("nul-behind", "https://issuer.example/\0"),
        ("a-homograph", "https://\u{456}ssuer.example/"),
        ("punycode", "https://xn--ssuer-4of.example/"),
        ("percent-encoded", "https://issuer%2Eexample/"),
        ("a-placeholder", "https://issuer.example/{tenantid}"),
        (
            "a-list",
            "https://issuer.example/ https://attacker.example/",
        ),
        ("an-array-in-a-string", "[\"https://issuer.example/\"]"),
        ("inside-this-network", "http://169.254.169.254/"),
        (
            "a-traversal-into-the-key-address",
            "https://issuer.example/keys?x=../../attacker",
        ),
    ]
    .into_iter()
    .map(|(name, iss)| {
        bad(
            format!("iss-is-{name}"),
            ISS,
            Reason::WrongIssuer,
            move || ring().good().issuer(iss),
        )
        .catches(match name {
            "a-part" | "as-a-prefix" => &["GHSA-75c5-xw7c-p5pm"],
            "another" => &["CVE-2024-5037", "CVE-2021-21378", "CVE-2026-32301"],
            "inside-this-network" | "a-traversal-into-the-key-address" => &["CVE-2026-32301"],
            _ => &[],
        })
    })
    .collect();
    rows.push(
        bad("iss-missing", ISS, Reason::WrongIssuer, || {
            ring().good().without("iss")
        })
        .catches(&["CVE-2024-5037"]),
    );
    rows.extend(
        [
            ("null", Value::Null),
            ("a-number", json!(1)),
            ("an-array", json!([ISSUER])),
            (
                "an-array-with-ours-first",
                json!([ISSUER, "https://attacker.example/"]),
            ),
            (
                "an-array-with-ours-last",
                json!(["https://attacker.example/", ISSUER]),
            ),
            ("an-object", json!({ "url": ISSUER })),
        ]
        .into_iter()
        .map(|(name, iss)| {
            bad(
                format!("iss-is-{name}"),
                TYPE,
                Reason::MalformedClaims,
                move || ring().good().claim("iss", iss.clone()),
            )
            .catches(&["CVE-2025-30144", "CVE-2026-25537"])
        }),
    );
    for claim in ["sub", "jti", "client_id", "azp"] {
        rows.push(
            bad(
                format!("{claim}-is-a-number"),
                "RFC 7519 section 2",
                Reason::MalformedClaims,
                move || ring().good().claim(claim, 7),
            )
            .catches(&["CVE-2026-25537"]),
        );
    }
    for claim in ["scope", "scp"] {
        for (name, value) in [
            ("a-number", json!(1)),
            ("an-object", json!({"read": true})),
            ("nested", json!([["read"]])),
            ("null", Value::Null),
        ] {
            rows.push(bad(
                format!("{claim}-is-{name}"),
                "RFC 8693 section 4.2",
                Reason::MalformedClaims,
                move || ring().good().claim(claim, value.clone()),
            ));
        }
    }
    rows.push(good("twin-iss", ISS, || ring().good()));
    rows
}
