//! Base64url in any spelling but the one (RFC 7515 section 2): one token has one text.

use authz_core::Reason;
use authz_testkit::TokenBuilder;

use super::{bad, good};
use crate::{Attack, Attempt, ring};

const SOURCE: &str = "RFC 7515 section 2";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (index, part) in ["header", "payload", "signature"].into_iter().enumerate() {
        for (name, bend) in bends() {
            rows.push(bad(
                format!("base64-{name}-in-the-{part}"),
                SOURCE,
                Reason::MalformedToken,
                move || {
                    let token = uneven().build();
                    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
                    parts[index] = bend(&parts[index]);
                    Attempt::token(parts.join("."))
                },
            ));
        }
    }
    for (name, bend) in [
        (
            "dots-percent-encoded",
            (|token| token.replace('.', "%2E")) as fn(&str) -> String,
        ),
        ("full-width-dots", |token| token.replace('.', "\u{ff0e}")),
    ] {
        rows.push(bad(
            format!("base64-{name}"),
            SOURCE,
            Reason::OpaqueToken,
            move || Attempt::token(bend(&uneven().build())),
        ));
    }
    rows.push(good(
        "twin-base64-lengths-of-every-remainder",
        SOURCE,
        uneven,
    ));
    for filler in 0..3 {
        rows.push(good(
            format!("twin-base64-{filler}-bytes-more"),
            SOURCE,
            move || {
                uneven()
                    .claim("filler", "f".repeat(filler))
                    .header("filler", "f".repeat(filler))
            },
        ));
    }
    rows
}

type Bend = fn(&str) -> String;

fn bends() -> Vec<(&'static str, Bend)> {
    vec![
        ("padding", |part| {
            format!("{part}{}", "=".repeat(4 - part.len() % 4))
        }),
        ("one-equals-sign", |part| format!("{part}=")),
        ("an-equals-sign-before", |part| format!("={part}")),
        ("a-plus", |part| replace(part, "+")),
        ("a-slash", |part| replace(part, "/")),
        ("stray-bits", |part| {
            let (rest, last) = part.split_at(part.len() - 1);
            let next = last.bytes().map(|byte| char::from(byte + 1));
            rest.chars().chain(next).collect()
        }),
        ("a-character-that-stands-alone", |part| {
            format!("{part}{}", "A".repeat((5 - part.len() % 4) % 4))
        }),
        ("a-percent-escape", |part| replace(part, "%41")),
        ("a-character-beyond-ascii", |part| replace(part, "\u{e9}")),
        ("a-full-width-letter", |part| replace(part, "\u{ff21}")),
        ("a-zero-width-space", |part| replace(part, "\u{200b}")),
        ("a-comma", |part| replace(part, ",")),
        ("a-quote", |part| replace(part, "\"")),
        ("a-star", |part| replace(part, "*")),
    ]
}

/// A token none of whose parts is a multiple of three bytes long: each has bits to spare.
fn uneven() -> TokenBuilder {
    let mut token = ring().good().claim("jti", "uneven");
    let pad = |mut json: Vec<u8>| {
        while json.len().is_multiple_of(3) {
            json.push(b' ');
        }
        json
    };
    let (header, payload) = (pad(token.header_json()), pad(token.payload_json()));
    token = token.raw_header(header).raw_payload(payload);
    token
}

/// The fifth character, replaced.
fn replace(part: &str, with: &str) -> String {
    format!("{}{with}{}", &part[..4], &part[5..])
}
