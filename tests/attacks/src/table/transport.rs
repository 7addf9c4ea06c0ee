//! The `Authorization` header (RFC 6750 section 2.1, RFC 9110 section 11.6.2).

use authz_core::Reason;

use super::{bad, good};
use crate::{Attack, Attempt, ring};

const BEARER: &str = "RFC 6750 section 2.1";
const SCHEME: &str = "RFC 9110 section 11.1";

/// `{}` stands for a good token.
pub(super) fn rows() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        (
            "nothing-behind-the-scheme",
            "Bearer",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-space-behind-the-scheme",
            "Bearer ",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-tab-for-the-space",
            "Bearer\t{}",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-space-and-a-tab",
            "Bearer \t{}",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "two-tokens",
            "Bearer {} {}",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-word-behind",
            "Bearer {} x",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-word-before",
            "Bearer x {}",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "the-scheme-twice",
            "Bearer Bearer {}",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "two-credentials",
            "Bearer {}, Bearer {}",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "another-scheme-behind",
            "Bearer {}, Basic dXNlcjpwYXNz",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-parameter",
            "Bearer {}, realm=\"x\"",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "a-comma-behind",
            "Bearer {},",
            Reason::MalformedToken,
            BEARER,
        ),
        (
            "a-semicolon-behind",
            "Bearer {};",
            Reason::MalformedToken,
            BEARER,
        ),
        (
            "a-tab-and-a-word-behind",
            "Bearer {}\tx",
            Reason::MalformedCredentials,
            BEARER,
        ),
        (
            "letters-beyond-ascii-behind",
            "Bearer {}\u{e9}\u{20ac}",
            Reason::MalformedToken,
            BEARER,
        ),
        ("quotes", "Bearer \"{}\"", Reason::MalformedToken, BEARER),
        (
            "angle-brackets",
            "Bearer <{}>",
            Reason::MalformedToken,
            BEARER,
        ),
        (
            "a-name-before",
            "Bearer token={}",
            Reason::MalformedToken,
            BEARER,
        ),
        (
            "a-non-breaking-space",
            "Bearer\u{a0}{}",
            Reason::MissingToken,
            SCHEME,
        ),
        ("no-scheme", "{}", Reason::MissingToken, SCHEME),
        (
            "a-colon-behind-the-scheme",
            "Bearer: {}",
            Reason::MissingToken,
            SCHEME,
        ),
        (
            "an-equals-sign-behind-the-scheme",
            "Bearer={}",
            Reason::MissingToken,
            SCHEME,
        ),
        (
            "the-scheme-run-together",
            "Bearer{}",
            Reason::MissingToken,
            SCHEME,
        ),
        (
            "a-digit-behind-the-scheme",
            "Bearer2 {}",
            Reason::MissingToken,
            SCHEME,
        ),
        ("basic", "Basic {}", Reason::MissingToken, SCHEME),
        ("token", "Token {}", Reason::MissingToken, SCHEME),
        ("jwt", "JWT {}", Reason::MissingToken, SCHEME),
        (
            "dpop",
            "DPoP {}",
            Reason::MissingToken,
            "RFC 9449 section 7.1",
        ),
        (
            "bearer-behind-another-scheme",
            "Basic x, Bearer {}",
            Reason::MissingToken,
            SCHEME,
        ),
        (
            "a-homograph-of-the-scheme",
            "B\u{435}arer {}",
            Reason::MissingToken,
            SCHEME,
        ),
        ("empty", "", Reason::MissingToken, SCHEME),
        ("the-word-null", "Bearer null", Reason::OpaqueToken, BEARER),
        (
            "the-word-undefined",
            "Bearer undefined",
            Reason::OpaqueToken,
            BEARER,
        ),
        (
            "a-placeholder",
            "Bearer [object Object]",
            Reason::MalformedCredentials,
            BEARER,
        ),
    ]
    .into_iter()
    .map(|(name, value, reason, source)| {
        bad(format!("authorization-{name}"), source, reason, move || {
            Attempt::authorization(value.replace("{}", &ring().good().build()))
        })
        .catches(match name {
            "dpop" => &["CVE-2024-49755"],
            _ => &[],
        })
    })
    .collect();
    rows.push(bad(
        "authorization-not-utf-8",
        BEARER,
        Reason::MalformedToken,
        || Attempt::token([ring().good().build().as_bytes(), b"\xff"].concat()),
    ));
    rows.push(bad(
        "authorization-missing",
        "RFC 6750 section 3.1",
        Reason::MissingToken,
        Attempt::nothing,
    ));
    for (name, value) in [
        ("lower-case", "bearer {}"),
        ("upper-case", "BEARER {}"),
        ("mixed-case", "bEaReR {}"),
        ("several-spaces", "Bearer     {}"),
        ("spaces-around", "  Bearer {}  "),
    ] {
        rows.push(good(
            format!("twin-authorization-{name}"),
            SCHEME,
            move || Attempt::authorization(value.replace("{}", &ring().good().build())),
        ));
    }
    rows
}
