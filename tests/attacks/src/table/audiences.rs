//! `aud`: compared to the letter, one by one.

use authz_core::Reason;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{AUDIENCE, Attack, Attempt, ring};

const AUD: &str = "RFC 7519 section 4.1.3";
const PROFILE: &str = "RFC 9068 section 4";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("empty", ""),
        ("another-api", "https://other.example"),
        ("the-issuer", "https://issuer.example/"),
        ("the-client", "dev-client"),
        ("a-slash-more", "https://api.example/"),
        ("in-upper-case", "https://API.example"),
        ("http", "http://api.example"),
        ("without-scheme", "api.example"),
        ("a-prefix", "https://api.exampl"),
        ("a-suffix", "ttps://api.example"),
        ("with-more-behind", "https://api.example.attacker.example"),
        (
            "with-more-before",
            "https://attacker.example/https://api.example",
        ),
        ("with-a-port", "https://api.example:443"),
        ("with-a-path", "https://api.example/admin"),
        ("with-a-query", "https://api.example?x"),
        (
            "a-list-with-spaces",
            "https://other.example https://api.example",
        ),
        (
            "a-list-with-commas",
            "https://api.example,https://other.example",
        ),
        ("a-json-array-in-a-string", "[\"https://api.example\"]"),
        ("a-wildcard", "*"),
        ("a-pattern", "https://.*"),
        ("a-space-behind", "https://api.example "),
        ("nul-behind", "https://api.example\0"),
        ("a-homograph", "https://\u{430}pi.example"),
        ("percent-encoded", "https%3A%2F%2Fapi.example"),
    ]
    .into_iter()
    .map(|(name, aud)| {
        bad(
            format!("aud-is-{name}"),
            AUD,
            Reason::WrongAudience,
            move || ring().good().audience(aud),
        )
        .catches(match name {
            "another-api" => &[
                "CVE-2026-55669",
                "CVE-2026-40946",
                "CVE-2024-5798",
                "CVE-2026-30223",
            ],
            _ => &[],
        })
    })
    .collect();
    rows.extend([
        bad("aud-missing", PROFILE, Reason::WrongAudience, || {
            ring().good().without("aud")
        })
        .catches(&[
            "CVE-2026-55689",
            "CVE-2026-55669",
            "CVE-2026-40946",
            "CVE-2026-30223",
        ]),
        bad(
            "aud-is-an-empty-array",
            PROFILE,
            Reason::WrongAudience,
            || of(json!([])),
        )
        .catches(&["CVE-2020-26160", "CVE-2024-5798"]),
        bad(
            "aud-is-an-array-of-others",
            AUD,
            Reason::WrongAudience,
            || of(json!(["https://other.example", "https://api.example/", ""])),
        )
        .catches(&["CVE-2020-26160", "CVE-2024-5798"]),
        bad(
            "aud-is-of-another-issuers-api",
            PROFILE,
            Reason::WrongAudience,
            || {
                Attempt::from(ring().good().audience("https://partner-api.example")).rules(
                    |builder| {
                        let keys = ring().published().to_string();
                        let keys = authz_core::jwks::StaticKeys::from_jwks(keys.as_bytes());
                        let partner = authz_core::Issuer::new("https://partner.example")
                            .audience("https://partner-api.example")
                            .keys(keys.expect("the ring"));
                        builder.issuer(partner)
                    },
                )
            },
        ),
    ]);
    rows.extend(
        [
            ("null", Value::Null),
            ("true", json!(true)),
            ("a-number", json!(1)),
            ("an-object", json!({"https://api.example": true})),
            ("nested", json!([[AUDIENCE]])),
            ("nested-deep", json!([[[[AUDIENCE]]]])),
            ("an-array-with-null", json!([AUDIENCE, null])),
            ("an-array-with-a-number", json!([1, AUDIENCE])),
            ("an-array-with-an-object", json!([{"aud": AUDIENCE}])),
        ]
        .into_iter()
        .map(|(name, aud)| {
            bad(
                format!("aud-is-{name}"),
                AUD,
                Reason::MalformedClaims,
                move || of(aud.clone()),
            )
            .catches(&["CVE-2020-26160", "CVE-2026-25537"])
        }),
    );
    rows.extend([
        good("twin-aud-is-a-string", AUD, || ring().good()),
        good("twin-aud-is-an-array-of-one", AUD, || of(json!([AUDIENCE])))
            .catches(&["CVE-2020-26160"]),
        good("twin-aud-is-among-others", AUD, || {
            of(json!(["https://other.example", AUDIENCE]))
        }),
        good("twin-aud-is-the-second-of-two-configured", AUD, || {
            Attempt::from(ring().good().audience("api://second"))
                .issuer_rules(|issuer| issuer.audience("api://second"))
        }),
    ]);
    rows
}

fn of(aud: Value) -> authz_testkit::TokenBuilder {
    ring().good().audience(aud)
}
