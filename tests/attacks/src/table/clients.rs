//! Whose tokens an issuer's rules let in: listed clients, required claims, keys that name their
//! issuer, tenants by pattern.

use authz_core::{Algorithm, Issuer, Reason, Tenants, jwks::StaticKeys};
use authz_testkit::TokenBuilder;
use serde_json::{Value, json};

use super::{bad, good};
use crate::{AUDIENCE, Attack, Attempt, ISSUER, ring, ring::with};

const CLIENT: &str = "RFC 9068 section 2.2";
const SUBSTITUTION: &str = "RFC 8725 section 3.8";
/// An issuer whose tokens have no `aud`, as Amazon Cognito's.
const POOL: &str = "https://pool.example";

pub(super) fn rows() -> Vec<Attack> {
    let mut rows = clients();
    rows.extend(keys_of_an_issuer());
    rows.extend(tenants());
    rows
}

fn clients() -> Vec<Attack> {
    let mut rows: Vec<_> = [
        ("another", json!("other")),
        ("empty", json!("")),
        ("in-upper-case", json!("MINE")),
        ("with-more-behind", json!("mine.attacker")),
        ("cut-short", json!("min")),
        ("a-list", json!("mine other")),
        ("with-nul", json!("mine\0")),
    ]
    .into_iter()
    .map(|(name, client)| {
        bad(
            format!("client-is-{name}"),
            CLIENT,
            Reason::WrongClient,
            move || pool(cognito().claim("client_id", client.clone())),
        )
    })
    .collect();
    rows.extend([
        bad("client-missing", CLIENT, Reason::WrongClient, || {
            pool(cognito().without("client_id"))
        }),
        bad(
            "client-listed-in-azp-only",
            CLIENT,
            Reason::WrongClient,
            || pool(cognito().claim("client_id", "other").claim("azp", "mine")),
        ),
        bad(
            "client-is-an-array",
            CLIENT,
            Reason::MalformedClaims,
            || pool(cognito().claim("client_id", json!(["mine"]))),
        ),
        bad(
            "client-listed-and-audience-of-another-api",
            CLIENT,
            Reason::WrongAudience,
            || pool(cognito().audience("https://other.example")),
        ),
        bad(
            "client-listed-and-audience-empty",
            CLIENT,
            Reason::WrongAudience,
            || pool(cognito().audience(json!([]))),
        ),
        bad(
            "client-listed-and-audience-null",
            CLIENT,
            Reason::MalformedClaims,
            || pool(cognito().claim("aud", Value::Null)),
        ),
        good("twin-client-listed", CLIENT, || pool(cognito())),
        good("twin-client-in-azp", CLIENT, || {
            pool(cognito().without("client_id").claim("azp", "mine"))
        }),
    ]);
    rows.extend(
        [
            ("missing", None),
            ("of-an-id-token", Some(json!("id"))),
            ("in-an-array", Some(json!(["access"]))),
            ("null", Some(Value::Null)),
            ("in-upper-case", Some(json!("ACCESS"))),
            ("an-object", Some(json!({"access": true}))),
        ]
        .into_iter()
        .map(|(name, value)| {
            bad(
                format!("token-use-is-{name}"),
                SUBSTITUTION,
                Reason::WrongClaim,
                move || {
                    pool(match value.clone() {
                        Some(value) => cognito().claim("token_use", value),
                        None => cognito().without("token_use"),
                    })
                },
            )
        }),
    );
    rows
}

/// A key that says whose it is, as Entra ID's do, in a set that others are in.
fn keys_of_an_issuer() -> Vec<Attack> {
    let of = |issuer: Value| {
        let jwk = with(
            with(ring().strange_ec.public_jwk(), "kid", "of"),
            "issuer",
            issuer,
        );
        let token = ring().signed(&ring().strange_ec).kid(Some("of"));
        Attempt::from(token).published([jwk, ring().es256.public_jwk()])
    };
    let mut rows: Vec<_> = [
        ("another", "https://attacker.example/"),
        ("ours-without-the-slash", "https://issuer.example"),
        ("ours-and-more", "https://issuer.example/tenant"),
        ("empty", ""),
        (
            "a-pattern-that-does-not-fit",
            "https://issuer.example/{tenantid}",
        ),
        ("a-pattern-for-everything-but-slashes", "{tenantid}"),
    ]
    .into_iter()
    .map(|(name, issuer)| {
        bad(
            format!("key-of-an-issuer-that-is-{name}"),
            SUBSTITUTION,
            Reason::InvalidSignature,
            move || of(json!(issuer)),
        )
    })
    .collect();
    rows.extend([
        bad(
            "key-of-an-issuer-that-is-a-number",
            SUBSTITUTION,
            Reason::UnknownKey,
            move || of(json!(1)),
        ),
        good("twin-key-of-this-issuer", SUBSTITUTION, move || {
            of(json!(ISSUER))
        }),
        good(
            "twin-key-of-any-tenant-of-this-issuer",
            SUBSTITUTION,
            move || of(json!("https://{tenantid}.example/")),
        ),
    ]);
    rows
}

/// The place of the tenant in the pattern, filled with what is no tenant's name.
fn tenants() -> Vec<Attack> {
    [
        ("empty", ""),
        ("a-slash", "a/b"),
        ("a-way-up", ".."),
        ("a-way-up-and-down", "a/../b"),
        ("a-percent-escape", "a%2Fb"),
        ("an-at-sign", "a@attacker.example"),
        ("a-query", "a?b="),
        ("a-fragment", "a#"),
        ("a-backslash", "a\\b"),
        ("a-dot", "attacker.example"),
        ("a-space", "a b"),
        ("a-letter-beyond-ascii", "t\u{e9}nant"),
        ("the-place-itself", "{tenant}"),
        ("nul", "a\0"),
    ]
    .into_iter()
    .map(|(name, tenant)| {
        bad(
            format!("tenant-is-{name}"),
            SUBSTITUTION,
            Reason::WrongIssuer,
            move || {
                let token = ring()
                    .good()
                    .issuer(format!("https://login.example/{tenant}/v2.0"));
                Attempt::from(token).rules(|builder| {
                    let issuer = Issuer::new("https://login.example/{tenant}/v2.0")
                        .audience(AUDIENCE)
                        .algorithms([Algorithm::ES256]);
                    builder.tenants(Tenants::matching(issuer))
                })
            },
        )
        .catches(&["CVE-2026-32301"])
    })
    .collect()
}

fn cognito() -> TokenBuilder {
    ring()
        .good()
        .issuer(POOL)
        .without("aud")
        .claim("client_id", "mine")
        .claim("token_use", "access")
}

fn pool(token: TokenBuilder) -> Attempt {
    Attempt::from(token)
        .rules(|builder| {
            let keys = StaticKeys::from_jwks(ring().published().to_string().as_bytes());
            let pool = Issuer::new(POOL)
                .algorithms([Algorithm::ES256])
                .clients(["mine", "also mine"])
                .clients_instead_of_audience()
                .required_claim("token_use", "access")
                .keys(keys.expect("the ring"));
            builder.issuer(pool)
        })
        .control(cognito().build())
}
