//! JSON that is none, or that two parsers read differently.

use authz_core::Reason;
use authz_testkit::TokenBuilder;

use super::{bad, good};
use crate::{Attack, ring};

const UNIQUE_HEADER: &str = "RFC 7515 section 4";
const UNIQUE_CLAIMS: &str = "RFC 7519 section 4";
const UTF8: &str = "RFC 8725 section 3.7";
const SYNTAX: &str = "RFC 8259 section 2";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = duplicates();
    rows.extend(not_json());
    rows.extend(depth());
    rows.extend(twins());
    rows
}

fn duplicates() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (name, before, after) in [
        ("alg", r#""alg":"none","#, ""),
        ("alg-behind", "", r#","alg":"none""#),
        ("alg-the-same", "", r#","alg":"ES256""#),
        ("alg-with-an-escape", "", r#","\u0061lg":"none""#),
        ("kid", "", r#","kid":"rs256""#),
        ("typ", "", r#","typ":"dpop+jwt""#),
        ("an-unknown-name", r#""x":1,"#, r#","x":1"#),
        ("the-empty-name", r#""":1,"#, r#","":2"#),
        ("a-name-inside", "", r#","x":{"a":1,"a":2}"#),
        (
            "a-name-inside-a-jwk",
            "",
            r#","jwk":{"kty":"EC","kty":"oct"}"#,
        ),
    ] {
        rows.push(
            bad(
                format!("twice-in-the-header-{name}"),
                UNIQUE_HEADER,
                Reason::MalformedHeader,
                move || {
                    ring().good().raw_header(format!(
                        r#"{{{before}"alg":"ES256","kid":"es256","typ":"at+jwt"{after}}}"#
                    ))
                },
            )
            .catches(&["CVE-2022-39227"]),
        );
    }
    for (name, after) in [
        ("iss", r#""iss":"https://attacker.example/""#),
        ("aud", r#""aud":"https://other.example""#),
        ("exp", r#""exp":9999999999"#),
        ("sub", r#""sub":"admin""#),
        ("scope", r#""scope":"admin""#),
        ("scope-with-an-escape", r#""sc\u006fpe":"admin""#),
        ("scope-the-same", r#""scope":"read:messages""#),
        ("permissions", r#""permissions":[],"permissions":["admin"]"#),
        ("an-unknown-name", r#""x":1,"x":1"#),
        ("a-name-inside", r#""x":{"a":1,"a":2}"#),
        ("a-name-inside-an-array", r#""x":[1,[{"a":1,"a":2}]]"#),
        (
            "a-name-inside-permissions",
            r#""permissions":{"a":1,"a":2}"#,
        ),
        ("a-name-inside-cnf", r#""cnf":{"jkt":"a","jkt":"b"}"#),
    ] {
        rows.push(
            bad(
                format!("twice-in-the-claims-{name}"),
                UNIQUE_CLAIMS,
                Reason::MalformedClaims,
                move || claims(after),
            )
            .catches(&["CVE-2022-39227"]),
        );
    }
    rows.push(bad(
        "twice-in-the-claims-after-a-hundred-names",
        UNIQUE_CLAIMS,
        Reason::MalformedClaims,
        || {
            let many: Vec<_> = (0..100).map(|i| format!(r#""n{i}":{i}"#)).collect();
            claims(&format!(r#"{},"n99":0"#, many.join(",")))
        },
    ));
    rows
}

fn not_json() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (name, source, text) in [
        ("nothing-but-a-space", SYNTAX, b" ".to_vec()),
        ("null", SYNTAX, b"null".to_vec()),
        ("true", SYNTAX, b"true".to_vec()),
        ("a-number", SYNTAX, b"1".to_vec()),
        ("a-string", SYNTAX, br#""{}""#.to_vec()),
        ("an-array", SYNTAX, b"[]".to_vec()),
        ("an-object-cut-off", SYNTAX, br#"{"alg":"ES256""#.to_vec()),
        ("text", SYNTAX, b"not json".to_vec()),
        ("a-form", SYNTAX, b"alg=ES256&kid=es256".to_vec()),
        (
            "a-byte-order-mark-before",
            "RFC 8259 section 8.1",
            bent(|json| [b"\xef\xbb\xbf", json].concat()),
        ),
        (
            "utf-16",
            "RFC 8259 section 8.1",
            bent(|json| json.iter().flat_map(|byte| [*byte, 0]).collect()),
        ),
        (
            "something-behind",
            SYNTAX,
            bent(|json| [json, b"x"].concat()),
        ),
        (
            "another-object-behind",
            SYNTAX,
            bent(|json| [json, json].concat()),
        ),
        ("nul-behind", SYNTAX, bent(|json| [json, b"\0"].concat())),
        ("nul-before", SYNTAX, bent(|json| [b"\0", json].concat())),
        (
            "a-form-feed-before",
            SYNTAX,
            bent(|json| [b"\x0c", json].concat()),
        ),
        ("a-comma-too-many", SYNTAX, member(b",")),
        ("a-comment", SYNTAX, member(b"/* */")),
        ("single-quotes", SYNTAX, member(b",'x':1")),
        ("a-name-without-quotes", SYNTAX, member(b",x:1")),
        ("nan", SYNTAX, member(br#","x":NaN"#)),
        ("infinity", SYNTAX, member(br#","x":Infinity"#)),
        ("a-leading-zero", SYNTAX, member(br#","x":01"#)),
        ("a-plus-sign", SYNTAX, member(br#","x":+1"#)),
        ("a-hexadecimal-number", SYNTAX, member(br#","x":0x1"#)),
        (
            "a-number-beyond-all-bounds",
            SYNTAX,
            member(br#","x":1e400"#),
        ),
        (
            "a-number-of-5000-digits",
            SYNTAX,
            member(format!(r#","x":{}"#, "9".repeat(5000)).as_bytes()),
        ),
        (
            "a-line-break-in-a-string",
            SYNTAX,
            member(b",\"x\":\"a\nb\""),
        ),
        ("an-unknown-escape", SYNTAX, member(br#","x":"\x41""#)),
        ("half-a-surrogate-pair", UTF8, member(br#","x":"\ud800""#)),
        (
            "half-a-surrogate-pair-as-a-name",
            UTF8,
            member(br#","\ud800":1"#),
        ),
        ("a-byte-that-is-no-utf-8", UTF8, member(b",\"x\":\"\xff\"")),
        ("a-name-that-is-no-utf-8", UTF8, member(b",\"\xff\":1")),
        ("an-overlong-slash", UTF8, member(b",\"x\":\"\xc0\xaf\"")),
        (
            "an-encoded-surrogate",
            UTF8,
            member(b",\"x\":\"\xed\xa0\x80\""),
        ),
        ("utf-8-cut-off", UTF8, member(b",\"x\":\"\xe2\x82\"")),
    ] {
        let header = text.clone();
        rows.push(bad(
            format!("header-is-{name}"),
            source,
            Reason::MalformedHeader,
            move || ring().good().raw_header(header.clone()),
        ));
        rows.push(bad(
            format!("claims-are-{name}"),
            source,
            Reason::MalformedClaims,
            move || ring().good().raw_payload(text.clone()),
        ));
    }
    rows
}

fn depth() -> Vec<Attack> {
    const DEPTH: &str = "RFC 8259 section 9";
    let arrays = |depth: usize| format!(r#""x":{}{}"#, "[".repeat(depth), "]".repeat(depth));
    let objects =
        |depth: usize| format!(r#""x":{}1{}"#, r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let long = |token: TokenBuilder| {
        crate::Attempt::from(token).rules(|builder| builder.max_token_bytes(4 << 20))
    };
    vec![
        bad(
            "nested-200-deep",
            DEPTH,
            Reason::MalformedClaims,
            move || claims(&arrays(200)),
        ),
        bad(
            "nested-100000-arrays",
            DEPTH,
            Reason::MalformedClaims,
            move || long(claims(&arrays(100_000))),
        )
        .catches(&["CVE-2025-53864"]),
        bad(
            "nested-100000-arrays-never-closed",
            DEPTH,
            Reason::MalformedClaims,
            move || long(ring().good().raw_payload("[".repeat(100_000))),
        )
        .catches(&["CVE-2025-53864"]),
        bad(
            "nested-100000-objects",
            DEPTH,
            Reason::MalformedClaims,
            move || long(claims(&objects(100_000))),
        )
        .catches(&["CVE-2025-53864"]),
        bad(
            "nested-100000-arrays-in-permissions",
            DEPTH,
            Reason::MalformedClaims,
            move || {
                let nested = arrays(100_000).replacen("\"x\"", "\"permissions\"", 1);
                long(claims(&nested))
            },
        )
        .catches(&["CVE-2025-53864"]),
        bad(
            "nested-100000-arrays-in-the-header",
            DEPTH,
            Reason::MalformedHeader,
            move || {
                long(ring().good().raw_header(format!(
                    r#"{{"alg":"ES256","kid":"es256",{}}}"#,
                    arrays(100_000)
                )))
            },
        )
        .catches(&["CVE-2025-53864"]),
        good("twin-nested-100-deep", DEPTH, move || claims(&arrays(100))),
    ]
}

fn twins() -> Vec<Attack> {
    vec![
        good("twin-json-white-space", SYNTAX, || {
            let payload = ring().good().payload_json();
            ring()
                .good()
                .raw_payload([b" \r\n\t", &payload[..], b" \r\n\t"].concat())
        }),
        good("twin-json-escapes-in-names-and-values", SYNTAX, || {
            let payload = String::from_utf8(ring().good().payload_json()).expect("JSON");
            let payload = payload
                .replace("\"iss\"", "\"is\\u0073\"")
                .replace("https:", "https\\u003a");
            ring().good().raw_payload(payload)
        }),
        good(
            "twin-json-the-same-name-in-different-objects",
            UNIQUE_CLAIMS,
            || claims(r#""x":{"a":1},"y":[{"a":1},{"a":2}]"#),
        ),
        good("twin-json-names-that-differ-in-case", UNIQUE_CLAIMS, || {
            claims(r#""ISS":"x","Scope":"y""#)
        }),
        good("twin-json-large-numbers", SYNTAX, || {
            claims(r#""x":18446744073709551616,"y":1e308"#)
        }),
        good("twin-json-every-plane-of-unicode", UTF8, || {
            claims("\"x\":\"\u{e9}\u{20ac}\u{1f511}\\ud83d\\ude00\"")
        }),
        good("twin-json-a-hundred-names", UNIQUE_CLAIMS, || {
            let many: Vec<_> = (0..100).map(|i| format!(r#""n{i}":{i}"#)).collect();
            claims(&many.join(","))
        }),
    ]
}

/// The good token with more members behind its claims.
fn claims(more: &str) -> TokenBuilder {
    let mut payload = ring().good().payload_json();
    payload.pop();
    ring()
        .good()
        .raw_payload([&payload[..], b",", more.as_bytes(), b"}"].concat())
}

fn bent(bend: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    bend(br#"{"alg":"ES256","kid":"es256"}"#)
}

/// An object with something before its closing brace.
fn member(text: &[u8]) -> Vec<u8> {
    [br#"{"alg":"ES256","kid":"es256""#, text, b"}"].concat()
}
