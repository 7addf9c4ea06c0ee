//! How many parts there are, and what is in them.

use authz_core::Reason;
use serde_json::json;

use super::{bad, good};
use crate::{Attack, Attempt, ring, sign::base64url};

const COMPACT: &str = "RFC 7515 section 7.1";
const JSON: &str = "RFC 7515 section 7.2";
const JWE: &str = "RFC 7516 section 7.1";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = counts();
    rows.extend(json_forms());
    rows.extend(encrypted());
    rows
}

fn counts() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        (
            "one-part",
            Reason::OpaqueToken,
            (|token| cut(token, 1)) as fn(&str) -> String,
        ),
        ("two-parts", Reason::MalformedToken, |token| cut(token, 2)),
        ("two-parts-and-a-dot", Reason::MalformedToken, |token| {
            format!("{}.", cut(token, 2))
        }),
        ("four-parts", Reason::MalformedToken, |token| {
            format!("{token}.AA")
        }),
        (
            "four-parts-the-last-empty",
            Reason::MalformedToken,
            |token| format!("{token}."),
        ),
        (
            "four-parts-the-first-empty",
            Reason::MalformedToken,
            |token| format!(".{token}"),
        ),
        ("five-parts", Reason::EncryptedToken, |token| {
            format!("{token}.AA.AA")
        }),
        (
            "five-parts-the-last-empty",
            Reason::EncryptedToken,
            |token| format!("{token}.."),
        ),
        ("six-parts", Reason::MalformedToken, |token| {
            format!("{token}.AA.AA.AA")
        }),
        ("two-tokens-joined", Reason::MalformedToken, |token| {
            format!("{token}.{token}")
        }),
        ("two-tokens-run-together", Reason::EncryptedToken, |token| {
            format!("{token}{token}")
        }),
        ("no-header", Reason::MalformedToken, |token| {
            part(token, 0, "")
        }),
        ("no-payload", Reason::MalformedToken, |token| {
            part(token, 1, "")
        }),
        ("no-signature", Reason::MalformedToken, |token| {
            part(token, 2, "")
        }),
        ("swapped", Reason::AlgorithmNotAllowed, |token| {
            let parts: Vec<_> = token.split('.').collect();
            format!("{}.{}.{}", parts[1], parts[0], parts[2])
        }),
        ("nothing-but-dots", Reason::MalformedToken, |_| {
            "..".to_owned()
        }),
        ("a-single-dot", Reason::MalformedToken, |_| ".".to_owned()),
        ("four-dots", Reason::EncryptedToken, |_| "....".to_owned()),
        ("an-opaque-token", Reason::OpaqueToken, |_| {
            "tGzv3JOkF0XG5Qx2TlKWIA".to_owned()
        }),
        ("a-uuid", Reason::OpaqueToken, |_| {
            "b2b9a2a6-2b8c-4d5f-9a5e-1f3c7d9e0a1b".to_owned()
        }),
        ("an-api-key-with-a-dot", Reason::MalformedToken, |_| {
            "SG.ngeVfQFYQlKU0ufo8x5d1A".to_owned()
        }),
    ]
    .into_iter()
    .map(|(name, reason, bend)| {
        bad(format!("parts-{name}"), COMPACT, reason, move || {
            Attempt::token(bend(&ring().good().build()))
        })
        .catches(match name {
            "five-parts" => &["CVE-2023-51774", "CVE-2026-34986"],
            "no-signature" => &["CVE-2020-15240"],
            _ => &[],
        })
    })
    .collect();
    rows.extend([
        bad(
            "parts-a-million-dots",
            COMPACT,
            Reason::TokenTooLarge,
            || Attempt::token(".".repeat(1_000_000)),
        )
        .catches(&["CVE-2025-30204", "CVE-2025-27144"]),
        bad(
            "parts-a-million-dots-where-tokens-may-be-long",
            COMPACT,
            Reason::MalformedToken,
            || {
                Attempt::token(".".repeat(1_000_000))
                    .rules(|builder| builder.max_token_bytes(2_000_000))
            },
        )
        .catches(&["CVE-2025-30204", "CVE-2025-27144", "CVE-2025-22868"]),
        bad(
            "parts-a-header-of-four-megabytes",
            COMPACT,
            Reason::TokenTooLarge,
            || Attempt::token(format!("{}.e30.AA", "A".repeat(4 << 20))),
        )
        .catches(&["CVE-2025-61920", "CVE-2025-22868", "CVE-2025-65015"]),
        bad(
            "parts-a-signature-of-a-megabyte",
            COMPACT,
            Reason::InvalidSignature,
            || {
                let token = part(&ring().good().build(), 2, &"A".repeat(1 << 20));
                Attempt::token(token).rules(|builder| builder.max_token_bytes(2 << 20))
            },
        )
        .catches(&["CVE-2025-61920"]),
        good("twin-parts-a-token-just-below-the-limit", COMPACT, || {
            ring().good().claim("filler", "f".repeat(11_500))
        }),
    ]);
    rows
}

/// The JSON serializations, some of them with a good compact token inside: what one parser reads
/// as JSON another takes apart at the dots.
fn json_forms() -> Vec<Attack> {
    let parts = || {
        let token = ring().good().build();
        let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        (token, parts)
    };
    vec![
        bad("json-flattened", JSON, Reason::OpaqueToken, move || {
            let (_, parts) = parts();
            let json = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
            Attempt::token(json.to_string())
        })
        .catches(&["CVE-2024-21664"]),
        bad("json-general", JSON, Reason::OpaqueToken, move || {
            let (_, parts) = parts();
            let signature = json!({"protected": parts[0], "signature": parts[2]});
            Attempt::token(json!({"payload": parts[1], "signatures": [signature]}).to_string())
        })
        .catches(&["CVE-2024-21664"]),
        bad("json-without-protected", JSON, Reason::OpaqueToken, move || {
            let (_, parts) = parts();
            let json = json!({"header": {"alg": "none"}, "payload": parts[1], "signature": ""});
            Attempt::token(json.to_string())
        })
        .catches(&["CVE-2024-21664", "GHSA-jc38-x7x8-2xc8"]),
        bad("json-around-a-compact-token", "CVE-2022-39227", Reason::MalformedToken, move || {
            let (token, parts) = parts();
            let forged = base64url(r#"{"sub":"admin"}"#);
            let protected = &parts[0];
            Attempt::token(format!(
                r#"{{"{token}":"","protected":"{protected}","payload":"{forged}","signature":"{}"}}"#,
                parts[2]
            ))
        })
        .catches(&["CVE-2022-39227"]),
        bad("json-before-a-compact-token", "CVE-2022-39227", Reason::MalformedToken, move || {
            Attempt::token(format!("{{}}{}", parts().0))
        })
        .catches(&["CVE-2022-39227"]),
        bad("json-string-of-a-compact-token", JSON, Reason::MalformedToken, move || {
            Attempt::token(format!("\"{}\"", parts().0))
        }),
        bad("json-array-of-a-compact-token", JSON, Reason::MalformedToken, move || {
            Attempt::token(format!("[\"{}\"]", parts().0))
        }),
    ]
}

fn encrypted() -> Vec<Attack> {
    let jwe = |alg: &str, extra: serde_json::Value| {
        let mut header = json!({"alg": alg, "enc": "A256GCM", "kid": "rs256", "cty": "JWT"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            header[name] = value.clone();
        }
        let header = base64url(header.to_string());
        let signed = base64url(ring().good().build());
        Attempt::token(format!(
            "{header}.{}.AAAAAAAAAAAAAAAA.{signed}.AAAAAAAAAAAAAAAAAAAAAA",
            base64url([7; 256])
        ))
    };
    vec![
        bad("jwe-rsa-oaep", JWE, Reason::EncryptedToken, move || {
            jwe("RSA-OAEP", json!({}))
        })
        .catches(&["CVE-2023-51774", "CVE-2026-34986"]),
        bad("jwe-direct", JWE, Reason::EncryptedToken, move || {
            jwe("dir", json!({}))
        }),
        bad("jwe-compressed", JWE, Reason::EncryptedToken, move || {
            jwe("dir", json!({"zip": "DEF"}))
        })
        .catches(&["CVE-2024-28180"]),
        bad(
            "jwe-with-a-billion-iterations",
            JWE,
            Reason::EncryptedToken,
            move || {
                jwe(
                    "PBES2-HS512+A256KW",
                    json!({"p2c": 1_000_000_000, "p2s": "AAAA"}),
                )
            },
        )
        .catches(&["CVE-2023-52428"]),
        bad(
            "jwe-in-three-parts",
            JWE,
            Reason::AlgorithmNotAllowed,
            || ring().good().header("alg", "RSA-OAEP"),
        )
        .catches(&["CVE-2023-51774"]),
        bad(
            "jwe-inside-the-payload-of-a-jws",
            "RFC 7519 section 5.2",
            Reason::MalformedClaims,
            || {
                let inner = ring().good().build();
                ring().good().header("cty", "JWT").raw_payload(inner)
            },
        ),
    ]
}

fn cut(token: &str, parts: usize) -> String {
    token.split('.').take(parts).collect::<Vec<_>>().join(".")
}

fn part(token: &str, index: usize, with: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = with;
    parts.join(".")
}
