//! Keys, and addresses of keys, that a token brings along. None is ever looked at.

use authz_core::{Algorithm, Reason};
use authz_testkit::{SigningKey, TokenBuilder};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, ring, ring::with};

const TRUST: &str = "RFC 8725 section 3.10";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (name, member) in members() {
        let advisories: &[&str] = match name {
            "jwk" | "jwk-private" => &["CVE-2026-27962", "CVE-2025-24976"],
            "jku" | "x5u" => &["CVE-2026-27962", "CVE-2026-48522"],
            "x5c" => &["CVE-2026-27962", "CVE-2025-24976"],
            _ => &[],
        };
        // The kid is a known key's: its signature is the one that counts.
        let make = member.clone();
        rows.push(
            bad(
                format!("{name}-under-a-known-kid"),
                TRUST,
                Reason::InvalidSignature,
                move || brings(stranger().kid(Some("es256")), make()),
            )
            .catches(advisories),
        );
        let make = member.clone();
        rows.push(bad(
            format!("{name}-under-the-strangers-kid"),
            TRUST,
            Reason::UnknownKey,
            move || brings(stranger(), make()),
        ));
        let make = member.clone();
        rows.push(bad(
            format!("{name}-without-kid"),
            TRUST,
            Reason::InvalidSignature,
            move || brings(stranger().kid(None), make()),
        ));
        rows.push(good(
            format!("twin-{name}-signed-by-the-issuer"),
            TRUST,
            move || brings(ring().good(), member()),
        ));
    }
    rows.extend([
        bad("jwk-oct-and-hs256", TRUST, Reason::UnknownKey, || {
            let key = SigningKey::hmac(Algorithm::HS256, [9; 32]);
            ring().signed(&key).header("jwk", key.public_jwk())
        })
        .catches(&["CVE-2026-27962"]),
        bad("jwk-is-the-kid", TRUST, Reason::MalformedHeader, || {
            stranger().header("kid", ring().strange_ec.public_jwk())
        }),
    ]);
    rows
}

type Member = std::sync::Arc<dyn Fn() -> Value + Send + Sync>;

fn members() -> Vec<(&'static str, Member)> {
    fn member(make: impl Fn() -> Value + Send + Sync + 'static) -> Member {
        std::sync::Arc::new(make)
    }
    vec![
        (
            "jwk",
            member(|| json!({"jwk": ring().strange_ec.public_jwk()})),
        ),
        (
            "jwk-private",
            member(|| json!({"jwk": with(ring().strange_ec.public_jwk(), "d", "AQAB")})),
        ),
        (
            "jku",
            member(|| json!({"jku": "https://attacker.example/keys"})),
        ),
        ("jku-file", member(|| json!({"jku": "file:///etc/passwd"}))),
        (
            "jku-of-the-issuer",
            member(|| json!({"jku": "https://issuer.example/keys"})),
        ),
        (
            "x5u",
            member(|| json!({"x5u": "https://attacker.example/cert.pem"})),
        ),
        (
            "x5u-inside",
            member(|| json!({"x5u": "http://169.254.169.254/latest/meta-data/"})),
        ),
        // The key itself stands where its certificate belongs: nobody gets as far as to mind.
        (
            "x5c",
            member(|| json!({"x5c": [STANDARD.encode(ring().strange_ec.public_der())]})),
        ),
        (
            "x5t",
            member(|| json!({"x5t": "dGhlIHRodW1icHJpbnQ", "x5t#S256": "dGhlIHRodW1icHJpbnQ"})),
        ),
    ]
}

fn stranger() -> TokenBuilder {
    ring().signed(&ring().strange_ec)
}

fn brings(token: TokenBuilder, members: Value) -> TokenBuilder {
    match members {
        Value::Object(members) => members
            .into_iter()
            .fold(token, |token, (name, value)| token.header(name, value)),
        _ => token,
    }
}
