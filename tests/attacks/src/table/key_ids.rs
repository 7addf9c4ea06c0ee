//! What stands in `kid`: a name and nothing else, neither a path nor a query nor a pattern.

use authz_core::{Algorithm, Issuer, Reason, jwks::StaticKeys};
use authz_testkit::SigningKey;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{AUDIENCE, Attack, Attempt, ring, ring::with};

const INJECTION: &str = "RFC 8725 section 3.10";
const KID: &str = "RFC 7515 section 4.1.4";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = names();
    rows.extend(not_a_name());
    rows.extend(long());
    rows.extend(issuers());
    rows.extend([
        bad(
            "kid-of-one-key-signature-of-another",
            KID,
            Reason::InvalidSignature,
            || {
                let other = SigningKey::generate(Algorithm::ES256).with_kid("other");
                let keys = [ring().es256.public_jwk(), other.public_jwk()];
                Attempt::from(ring().signed(&other).kid(Some("es256"))).published(keys)
            },
        )
        .catches(&["CVE-2021-46743"]),
        bad("kid-of-a-stranger", KID, Reason::UnknownKey, || {
            ring().signed(&ring().strange_ec)
        }),
        bad(
            "kid-known-key-strange",
            KID,
            Reason::InvalidSignature,
            || ring().good().signed_by(&ring().strange_ec),
        ),
        bad(
            "kid-none-and-key-strange",
            KID,
            Reason::InvalidSignature,
            || ring().signed(&ring().strange_ec).kid(None),
        ),
        good("twin-kid-none", KID, || ring().good().kid(None)),
    ]);
    rows
}

/// HMAC with an empty secret is what a server would check that read the key from `/dev/null`.
fn names() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (name, kid) in [
        ("a-path-upwards", "../../../../../../dev/null"),
        ("a-path-from-the-root", "/dev/null"),
        ("a-path-of-windows", "..\\..\\windows\\win.ini"),
        ("a-file-address", "file:///dev/null"),
        ("an-address", "https://attacker.example/key"),
        ("sql-always-true", "' OR '1'='1"),
        ("sql-union", "x' UNION SELECT 'AAAA' -- "),
        ("sql-drop", "'; DROP TABLE keys; --"),
        ("a-command", "es256; cat /etc/passwd"),
        ("a-substitution", "$(id)"),
        ("a-template", "{{7*7}}${7*7}"),
        ("ldap", "*)(uid=*))(|(uid=*"),
        ("a-pattern", ".*"),
        ("a-wildcard", "*"),
        ("a-prototype", "__proto__"),
        ("a-constructor", "constructor"),
        ("a-delimiter", "es256:other"),
        ("a-quote-and-comma", "es256\",\"kid2\":\""),
        ("nul", "\0"),
        ("known-and-nul", "es256\0"),
        ("nul-and-a-suffix", "es256\0.pem"),
        ("known-and-a-space", "es256 "),
        ("known-in-upper-case", "ES256"),
        ("known-cut-short", "es25"),
        ("known-and-more", "es2566"),
        ("a-homograph", "\u{435}s256"),
        ("full-width", "\u{ff45}s256"),
        ("a-zero-width-space", "es256\u{200b}"),
        ("a-right-to-left-override", "\u{202e}652se"),
        ("an-emoji", "\u{1f511}"),
        ("line-breaks", "es256\r\nX-Injected: 1"),
        ("an-escape-sequence", "\u{1b}[2Jes256"),
        ("empty", ""),
    ] {
        let advisories: &[&str] = match name {
            "a-delimiter" | "a-quote-and-comma" => &["CVE-2025-59936"],
            "a-path-from-the-root" => &["CVE-2021-41106"],
            "an-address" => &["CVE-2026-32301"],
            "a-pattern" => &["CVE-2026-35041"],
            _ => &[],
        };
        rows.push(
            bad(
                format!("kid-is-{name}"),
                INJECTION,
                Reason::UnknownKey,
                move || {
                    let nothing = SigningKey::hmac(Algorithm::HS256, []);
                    ring().signed(&nothing).kid(Some(kid))
                },
            )
            .catches(advisories),
        );
        rows.push(good(
            format!("twin-kid-is-{name}-and-published"),
            KID,
            move || {
                let jwk = with(ring().es384.public_jwk(), "kid", kid);
                let token = ring().signed(&ring().es384).kid(Some(kid));
                Attempt::from(token).published([ring().es256.public_jwk(), jwk])
            },
        ));
    }
    rows
}

fn not_a_name() -> Vec<Attack> {
    [
        ("null", Value::Null),
        ("a-number", json!(1)),
        ("an-array", json!(["es256"])),
        ("an-object", json!({"$ne": ""})),
        ("true", json!(true)),
    ]
    .into_iter()
    .map(|(name, kid)| {
        bad(
            format!("kid-is-{name}"),
            KID,
            Reason::MalformedHeader,
            move || ring().good().header("kid", kid.clone()),
        )
        .catches(&["CVE-2021-46743"])
    })
    .collect()
}

fn long() -> Vec<Attack> {
    let long = |len: usize| ring().good().kid(Some(&"k".repeat(len)));
    vec![
        bad("kid-of-10-kb", KID, Reason::UnknownKey, move || {
            long(10_000)
        }),
        bad("kid-of-100-kb", KID, Reason::TokenTooLarge, move || {
            long(100_000)
        })
        .catches(&["CVE-2025-65015", "CVE-2025-61920"]),
        bad(
            "kid-of-100-kb-where-tokens-may-be-long",
            KID,
            Reason::UnknownKey,
            move || {
                Attempt::from(long(100_000)).rules(|builder| builder.max_token_bytes(1_000_000))
            },
        )
        .catches(&["CVE-2025-65015"]),
    ]
}

/// Two issuers whose keys bear the same `kid`.
fn issuers() -> Vec<Attack> {
    const PARTNER: &str = "https://partner.example";
    fn partner(attempt: Attempt) -> Attempt {
        attempt.rules(|builder| {
            let jwk = with(ring().strange_ec.public_jwk(), "kid", "es256");
            let set = json!({ "keys": [jwk] }).to_string();
            let keys = StaticKeys::from_jwks(set.as_bytes()).expect("the partner's set");
            let issuer = Issuer::new(PARTNER)
                .audience(AUDIENCE)
                .algorithms([Algorithm::ES256])
                .keys(keys);
            builder.issuer(issuer)
        })
    }
    let partners = || {
        ring()
            .signed(&ring().strange_ec)
            .kid(Some("es256"))
            .issuer(PARTNER)
    };
    vec![
        bad(
            "kid-of-two-issuers-signed-by-the-first-for-the-second",
            KID,
            Reason::InvalidSignature,
            || partner(ring().good().issuer(PARTNER).into()),
        )
        .catches(&["CVE-2026-49998"]),
        bad(
            "kid-of-two-issuers-signed-by-the-second-for-the-first",
            KID,
            Reason::InvalidSignature,
            || partner(ring().good().signed_by(&ring().strange_ec).into()),
        )
        .catches(&["CVE-2026-49998"]),
        bad(
            "kid-of-the-first-issuer-only-in-a-token-of-the-second",
            KID,
            Reason::UnknownKey,
            || {
                partner(
                    ring()
                        .signed(&ring().rs256)
                        .issuer(PARTNER)
                        .header("alg", "ES256")
                        .into(),
                )
            },
        ),
        good("twin-kid-of-two-issuers-first", KID, || {
            partner(ring().good().into())
        }),
        good("twin-kid-of-two-issuers-second", KID, move || {
            partner(partners().into())
        })
        .catches(&["CVE-2026-49998"]),
    ]
}
