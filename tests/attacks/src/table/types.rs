//! Tokens of other kinds, signed by the same issuer with the same key.

use authz_core::{Reason, TokenTypes};
use authz_testkit::TokenBuilder;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{Attack, Attempt, ring};

const TYPING: &str = "RFC 8725 section 3.11";
const PROFILE: &str = "RFC 9068 section 4";
const BOUND: &str = "RFC 7800 section 3";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("a-dpop-proof", "dpop+jwt"),
        ("a-dpop-proof-in-full", "application/dpop+jwt"),
        ("a-logout-token", "logout+jwt"),
        ("a-security-event", "secevent+jwt"),
        ("a-status-list", "statuslist+jwt"),
        ("an-id-token", "id_token+jwt"),
        ("a-request-object", "oauth-authz-req+jwt"),
        ("an-introspection-answer", "token-introspection+jwt"),
        ("client-authentication", "client-authentication+jwt"),
        ("an-entity-statement", "entity-statement+jwt"),
        ("a-key-binding", "kb+jwt"),
        ("a-credential", "dc+sd-jwt"),
        ("a-vc", "vc+jwt"),
        ("a-refresh-token", "Refresh"),
        ("an-okta-internal-token", "application/okta-internal-at+jwt"),
        ("jose", "JOSE"),
        ("jose-json", "JOSE+JSON"),
        ("a-passport", "passport"),
        ("empty", ""),
        ("a-space-behind", "at+jwt "),
        ("a-parameter-behind", "at+jwt;profile=x"),
        ("a-media-type-of-another-tree", "text/at+jwt"),
        ("application-twice", "application/application/at+jwt"),
        ("application-alone", "application/"),
        ("a-path-behind", "application/jwt/x"),
        ("a-slash-before", "/jwt"),
        ("a-full-width-letter", "\u{ff41}t+jwt"),
    ]
    .into_iter()
    .map(|(name, typ)| {
        bad(
            format!("typ-is-{name}"),
            TYPING,
            Reason::WrongTokenType,
            move || ring().good().typ(Some(typ)),
        )
        .catches(match name {
            "a-dpop-proof" | "a-logout-token" | "a-vc" | "client-authentication" => {
                &["CVE-2026-41164"]
            }
            _ => &[],
        })
    })
    .collect();
    rows.extend(
        [
            ("null", Value::Null),
            ("a-number", json!(1)),
            ("an-array", json!(["at+jwt"])),
        ]
        .into_iter()
        .map(|(name, typ)| {
            bad(
                format!("typ-is-{name}"),
                TYPING,
                Reason::MalformedHeader,
                move || ring().good().header("typ", typ.clone()),
            )
        }),
    );
    rows.extend(strict());
    rows.extend(bound());
    for (name, typ) in [
        ("at-jwt", Some("at+jwt")),
        ("at-jwt-upper-case", Some("AT+JWT")),
        ("at-jwt-in-full", Some("application/at+jwt")),
        ("jwt", Some("JWT")),
        ("jwt-lower-case", Some("jwt")),
        ("jwt-in-full", Some("application/jwt")),
        ("jwt-in-full-in-upper-case", Some("APPLICATION/JWT")),
        ("missing", None),
    ] {
        rows.push(good(format!("twin-typ-{name}"), TYPING, move || {
            ring().good().typ(typ)
        }));
    }
    rows
}

fn strict() -> Vec<Attack> {
    let mut rows = vec![
        bad(
            "an-id-token-for-the-client",
            "OpenID Connect Core section 2",
            Reason::WrongAudience,
            || {
                ring()
                    .good()
                    .typ(Some("JWT"))
                    .audience("dev-client")
                    .claim("azp", "dev-client")
                    .claim("nonce", "n")
            },
        )
        .catches(&["CVE-2026-41164"]),
        bad(
            "an-id-token-for-the-api-where-types-are-strict",
            PROFILE,
            Reason::WrongTokenType,
            || strictly(ring().good().typ(Some("JWT")).claim("nonce", "n")),
        )
        .catches(&["CVE-2026-41164"]),
        bad(
            "typ-missing-where-types-are-strict",
            PROFILE,
            Reason::WrongTokenType,
            || strictly(ring().good().typ(None)),
        ),
        bad(
            "typ-not-the-one-that-is-configured",
            TYPING,
            Reason::WrongTokenType,
            || {
                let only = TokenTypes::Only(vec!["internal+jwt".to_owned()]);
                Attempt::from(ring().good())
                    .issuer_rules(move |issuer| issuer.token_types(only.clone()))
                    .control(ring().good().typ(Some("internal+jwt")).build())
            },
        ),
        good("twin-typ-configured-and-sent-in-full", TYPING, || {
            let only = TokenTypes::Only(vec!["application/internal+jwt".to_owned()]);
            Attempt::from(ring().good().typ(Some("Application/Internal+JWT")))
                .issuer_rules(move |issuer| issuer.token_types(only.clone()))
                .control(ring().good().typ(Some("internal+jwt")).build())
        }),
        good(
            "twin-typ-sent-in-full-where-types-are-strict",
            PROFILE,
            || strictly(ring().good().typ(Some("application/at+jwt"))),
        ),
        good("twin-strict", PROFILE, || strictly(ring().good())),
    ];
    for claim in ["sub", "client_id", "iat", "jti"] {
        rows.push(bad(
            format!("{claim}-missing-where-the-profile-is-strict"),
            PROFILE,
            Reason::MissingClaim,
            move || strictly(ring().good().without(claim)),
        ));
    }
    rows
}

/// A token bound to its sender is no bearer token, however the binding is written.
fn bound() -> Vec<Attack> {
    [
        (
            "jkt",
            json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        ),
        (
            "x5t",
            json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
        ),
        ("jwk", json!({"jwk": {"kty": "oct", "k": "AAAA"}})),
        ("kid", json!({"kid": "es256"})),
        ("an-unknown-method", json!({"urn:example:method": 1})),
        ("nothing", json!({})),
        ("null", Value::Null),
        ("a-string", json!("jkt")),
        ("an-array", json!([])),
    ]
    .into_iter()
    .map(|(name, cnf)| {
        bad(
            format!("cnf-with-{name}"),
            BOUND,
            Reason::SenderConstrained,
            move || ring().good().claim("cnf", cnf.clone()),
        )
        .catches(&["CVE-2024-49755"])
    })
    .collect()
}

fn strictly(token: TokenBuilder) -> Attempt {
    Attempt::from(token).issuer_rules(authz_core::Issuer::strict_rfc9068)
}
