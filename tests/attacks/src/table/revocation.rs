//! Tokens that their issuer signed, and that were revoked since.

use std::time::{Duration, UNIX_EPOCH};

use authz_core::{ManualClock, Reason, Revocations};
use authz_testkit::TokenBuilder;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, Attempt, ISSUER, NOW, ring};

/// "The JWT ID claim provides a unique identifier", which a list can hold.
const TOKEN_ID: &str = "RFC 7519 section 4.1.7";
const ISSUED_AT: &str = "RFC 7519 section 4.1.6";
const SESSION: &str = "CAEP 1.0 section 3.1";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("by-jti", TOKEN_ID, "jti", "stolen"),
        ("by-sub", SESSION, "sub", "blocked"),
        ("by-sid", SESSION, "sid", "ended"),
        ("by-client", SESSION, "client_id", "rogue"),
    ]
    .into_iter()
    .map(|(name, source, claim, value)| {
        let make = move || listed(ring().good().issued_in(-120).claim(claim, value));
        bad(format!("revoked-{name}"), source, Reason::Revoked, make)
    })
    .collect();
    let blocked = || ring().good().subject("blocked");
    rows.extend([
        bad("revoked-client-in-azp", SESSION, Reason::Revoked, || {
            listed(ring().good().without("client_id").claim("azp", "rogue"))
        }),
        bad("revoked-jti-escaped", TOKEN_ID, Reason::Revoked, || {
            let payload = ring().good().claim("jti", "stolen").payload_json();
            let payload = String::from_utf8(payload).expect("JSON");
            listed(
                ring()
                    .good()
                    .raw_payload(payload.replace("stolen", r"\u0073tolen")),
            )
        }),
        bad(
            "revoked-and-without-iat",
            ISSUED_AT,
            Reason::Revoked,
            move || listed(blocked().without("iat")),
        ),
        bad(
            "revoked-with-iat-null",
            ISSUED_AT,
            Reason::MalformedClaims,
            move || listed(blocked().claim("iat", Value::Null)),
        ),
        bad(
            "revoked-with-iat-in-the-future",
            ISSUED_AT,
            Reason::IssuedInFuture,
            move || listed(blocked().issued_in(3600)),
        ),
        bad(
            "revoked-and-forged",
            TOKEN_ID,
            Reason::InvalidSignature,
            || listed(ring().good().claim("jti", "stolen").signature([7; 64])),
        ),
        good("twin-issued-after-the-revocation", ISSUED_AT, move || {
            listed(blocked())
        }),
        good("twin-jti-of-another-case", TOKEN_ID, || {
            listed(ring().good().claim("jti", "Stolen"))
        }),
        good("twin-sid-that-is-a-number", SESSION, || {
            listed(ring().good().claim("sid", json!(7)))
        }),
    ]);
    rows
}

/// Sends a token to a server with a list of revocations.
fn listed(token: TokenBuilder) -> Attempt {
    Attempt::from(token).rules(|builder| {
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        let list = Revocations::builder().clock(ManualClock::at(now)).build();
        let minute = Duration::from_secs(60);
        let (before, until) = (now + minute, now + 60 * minute);
        let added = [
            list.deny_token(ISSUER, "stolen", until),
            list.deny_subject(ISSUER, "blocked", now - minute, until),
            list.deny_session(ISSUER, "ended", before, until),
            list.deny_client(ISSUER, "rogue", before, until),
        ];
        assert!(added.iter().all(Result::is_ok));
        builder.revocations(list)
    })
}
