//! `exp`, `nbf` and `iat`. The server's clock stands at `NOW`, and the leeway is 60 s.

use std::time::Duration;

use authz_core::Reason;
use authz_testkit::TokenBuilder;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, Attempt, NOW, ring};

const EXP: &str = "RFC 7519 section 4.1.4";
const NUMBER: &str = "RFC 7519 section 2";
/// The longest leeway that is accepted.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = Vec::new();
    for claim in ["exp", "nbf", "iat"] {
        for (name, json) in no_dates() {
            rows.push(
                bad(
                    format!("{claim}-is-{name}"),
                    NUMBER,
                    Reason::MalformedClaims,
                    move || raw(claim, json),
                )
                .catches(&["CVE-2026-25537"]),
            );
        }
        rows.push(bad(
            format!("{claim}-is-a-number-of-5000-digits"),
            NUMBER,
            Reason::MalformedClaims,
            move || raw(claim, &"9".repeat(5000)),
        ));
    }
    rows.extend(edges());
    rows.push(
        bad(
            "exp-missing",
            "RFC 9068 section 4",
            Reason::MissingClaim,
            || ring().good().without("exp"),
        )
        .catches(&["GHSA-wxg7-w2v3-w38g"]),
    );
    rows
}

/// JSON that is no number of seconds between 1970 and 9999.
fn no_dates() -> [(&'static str, &'static str); 19] {
    [
        ("null", "null"),
        ("true", "true"),
        ("a-string", "\"1900003600\""),
        ("an-empty-string", "\"\""),
        ("a-word", "\"never\""),
        ("a-date", "\"2030-03-17T17:46:40Z\""),
        ("an-array", "[1900003600]"),
        ("an-empty-array", "[]"),
        ("an-object", "{\"seconds\":1900003600}"),
        ("negative", "-1"),
        ("negative-and-tiny", "-0.5"),
        ("the-least-integer", "-9223372036854775808"),
        ("milliseconds", "1900003600000"),
        ("the-year-10000", "253402300800"),
        ("the-largest-integer", "18446744073709551615"),
        ("beyond-the-largest-integer", "18446744073709551616"),
        ("1e300", "1e300"),
        ("1e400", "1e400"),
        ("-1e400", "-1e400"),
    ]
}

fn edges() -> Vec<Attack> {
    let now = NOW;
    let leeway = 60;
    vec![
        bad(
            "exp-when-the-leeway-ends",
            EXP,
            Reason::Expired,
            move || at("exp", json!(now - leeway)),
        ),
        bad(
            "exp-half-a-second-before-the-leeway-ends",
            EXP,
            Reason::Expired,
            move || at("exp", json!((now - leeway) as f64 + 0.5)),
        ),
        good("twin-exp-a-second-before-the-leeway-ends", EXP, move || {
            at("exp", json!(now - leeway + 1))
        }),
        bad("exp-an-hour-ago", EXP, Reason::Expired, move || {
            at("exp", json!(now - 3600))
        })
        .catches(&["GHSA-wxg7-w2v3-w38g"]),
        bad("exp-zero", EXP, Reason::Expired, || at("exp", json!(0))),
        bad("exp-minus-zero", EXP, Reason::Expired, || raw("exp", "-0")),
        bad("exp-zero-as-a-fraction", EXP, Reason::Expired, || {
            raw("exp", "0.0e-1")
        }),
        bad("exp-one-hundredth", EXP, Reason::Expired, || {
            raw("exp", "1e-2")
        }),
        good("twin-exp-as-a-fraction", NUMBER, || {
            raw("exp", "1900003600.75")
        }),
        good("twin-exp-with-an-exponent", NUMBER, || {
            raw("exp", "1.9000036e9")
        }),
        good("twin-exp-at-the-end-of-9999", NUMBER, || {
            raw("exp", "253402300799")
        }),
        bad("exp-now-without-leeway", EXP, Reason::Expired, move || {
            strict(at("exp", json!(now)), ring().good())
        }),
        good("twin-exp-in-a-second-without-leeway", EXP, move || {
            strict(at("exp", json!(now + 1)), ring().good())
        }),
        good("twin-exp-with-the-longest-leeway", EXP, move || {
            Attempt::from(at("exp", json!(1))).issuer_rules(|issuer| issuer.leeway(CENTURY))
        }),
        bad(
            "nbf-a-second-beyond-the-leeway",
            "RFC 7519 section 4.1.5",
            Reason::NotYetValid,
            move || at("nbf", json!(now + leeway + 1)),
        ),
        bad(
            "nbf-half-a-second-beyond-the-leeway",
            "RFC 7519 section 4.1.5",
            Reason::NotYetValid,
            move || at("nbf", json!((now + leeway) as f64 + 0.5)),
        ),
        good(
            "twin-nbf-at-the-leeway",
            "RFC 7519 section 4.1.5",
            move || at("nbf", json!(now + leeway)),
        ),
        good("twin-nbf-zero", "RFC 7519 section 4.1.5", || {
            at("nbf", json!(0))
        }),
        bad(
            "nbf-now-and-a-second-without-leeway",
            "RFC 7519 section 4.1.5",
            Reason::NotYetValid,
            move || strict(at("nbf", json!(now + 1)), ring().good()),
        ),
        bad(
            "iat-a-second-beyond-the-leeway",
            "RFC 7519 section 4.1.6",
            Reason::IssuedInFuture,
            move || at("iat", json!(now + leeway + 1)),
        )
        .catches(&["GHSA-wxg7-w2v3-w38g"]),
        good(
            "twin-iat-at-the-leeway",
            "RFC 7519 section 4.1.6",
            move || at("iat", json!(now + leeway)),
        ),
        good("twin-iat-missing", "RFC 7519 section 4.1.6", || {
            ring().good().without("iat")
        }),
        good(
            "twin-nbf-and-iat-of-an-old-keycloak",
            "RFC 7519 section 4.1.5",
            || at("nbf", json!(0)).claim("iat", 0),
        ),
    ]
}

fn at(claim: &str, value: Value) -> TokenBuilder {
    ring().good().claim(claim, value)
}

/// A claim with JSON that no library would write.
fn raw(claim: &str, json: &str) -> TokenBuilder {
    let mark = "the claim's place";
    let payload = ring().good().claim(claim, mark).payload_json();
    let payload = String::from_utf8(payload).expect("JSON");
    ring()
        .good()
        .raw_payload(payload.replace(&format!("\"{mark}\""), json))
}

fn strict(token: TokenBuilder, control: TokenBuilder) -> Attempt {
    Attempt::from(token)
        .issuer_rules(|issuer| issuer.leeway(Duration::ZERO))
        .control(control.build())
}
