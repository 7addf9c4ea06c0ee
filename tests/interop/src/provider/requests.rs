//! What is asked of our servers with the provider's tokens.

use anyhow::Context as _;
use blackbox::http::Request;
use serde_json::json;

use super::{
    check::{CREATED, Check, INVALID, NO_SCOPE, NO_TOKEN, OK, check},
    grant::{Grant, Provider},
};

/// The API that our servers are.
pub(super) const RESOURCE: &str = "https://quickstart.example/api";
/// Another API of the same provider.
pub(super) const ELSEWHERE: &str = "https://elsewhere.example/api";

pub(super) const READ: &str = "read:messages";
pub(super) const WRITE: &str = "write:messages";

/// The clients that get signed tokens, and the algorithm of each.
const SIGNING: [(&str, &str); 4] = [
    ("service-rs256", "RS256"),
    ("service-es256", "ES256"),
    ("service-ps256", "PS256"),
    ("service-eddsa", "EdDSA"),
];

/// Everything that is asked while the provider is there, with tokens it has just given.
///
/// `stranger` is a provider that has the same clients and is not the one our servers trust.
pub(super) fn all(
    provider: &Provider,
    accepted: &[&str],
    stranger: &Provider,
) -> anyhow::Result<Vec<Check>> {
    let mut checks = vec![
        check("the keys are loaded", Request::get("/readyz"), OK),
        check("no token, public", Request::get("/api/public"), OK),
        check("no token, private", Request::get("/api/private"), NO_TOKEN),
    ];
    for (client, algorithm) in SIGNING {
        match accepted.contains(&algorithm) {
            true => checks.extend(accepted_client(provider, client, algorithm, stranger)?),
            false => {
                let token = provider.token(Grant::new(client, RESOURCE, READ))?;
                let name = format!("{algorithm}, which is not accepted");
                checks.push(check(&name, private(&token), INVALID));
            }
        }
    }
    let opaque = provider.token(Grant::new("service-opaque", RESOURCE, READ))?;
    let encrypted = provider.token(Grant::new("service-encrypted", RESOURCE, READ))?;
    checks.push(check("an opaque token", private(&opaque), INVALID));
    checks.push(check("an encrypted token", private(&encrypted), INVALID));
    checks.extend(authorization_details(provider, reader(accepted)?)?);
    Ok(checks)
}

/// A token with rich authorization details (RFC 9396) is a token like any other, and they are among its
/// claims, or among the members of the introspection response.
pub(super) fn authorization_details(
    provider: &Provider,
    grant: Grant<'_>,
) -> anyhow::Result<[Check; 2]> {
    let details = json!([{
        "type": "payment_initiation",
        "actions": ["initiate"],
        "instructedAmount": { "currency": "EUR", "amount": "123.50" },
    }]);
    let wanted = [("authorization_details", details.to_string())];
    let token = provider.token_with(grant, &wanted, None)?;
    let me = Request::get("/api/me").bearer(&token);
    let claim = check("authorization details, the claim", me, OK);
    Ok([
        check("authorization details", private(&token), OK),
        claim.with_member("/claims/authorization_details", details),
    ])
}

/// A reader's grant of a client whose tokens are accepted.
pub(super) fn reader(accepted: &[&str]) -> anyhow::Result<Grant<'static>> {
    let mut clients = SIGNING.iter();
    let client = clients.find(|(_, algorithm)| accepted.contains(algorithm));
    let client = client.with_context(|| format!("no client signs with any of {accepted:?}"));
    Ok(Grant::new(client?.0, RESOURCE, READ))
}

pub(super) fn private(token: &str) -> Request {
    Request::get("/api/private").bearer(token)
}

fn accepted_client(
    provider: &Provider,
    client: &str,
    algorithm: &str,
    stranger: &Provider,
) -> anyhow::Result<Vec<Check>> {
    let token = |resource, scope| provider.token(Grant::new(client, resource, scope));
    let both_scopes = format!("{READ} {WRITE}");
    let reader = token(RESOURCE, READ)?;
    let writer = token(RESOURCE, WRITE)?;
    let both = token(RESOURCE, &both_scopes)?;
    let neither = token(RESOURCE, "")?;
    let elsewhere = token(ELSEWHERE, READ)?;
    let bound = provider.bound_token(Grant::new(client, RESOURCE, READ))?;
    let strange = stranger.token(Grant::new(client, RESOURCE, READ))?;

    let post = |token: &str| {
        let request = Request::post("/api/messages").bearer(token);
        request.json(r#"{"text":"hello"}"#)
    };
    let me = |token: &str| Request::get("/api/me").bearer(token);
    let head = Request::new("HEAD", "/api/private").bearer(&reader);
    let lower_case =
        Request::get("/api/private").header("Authorization", format!("bearer {reader}"));
    let cut_off = reader.trim_end_matches(|character| character != '.');

    let rows = [
        ("a reader reads", private(&reader), OK),
        ("the same token again", private(&reader), OK),
        ("HEAD", head, OK),
        ("lower-case scheme", lower_case, OK),
        ("a reader writes", post(&reader), NO_SCOPE),
        ("a writer writes", post(&writer), CREATED),
        ("a writer reads", private(&writer), NO_SCOPE),
        ("both scopes, reading", private(&both), OK),
        ("both scopes, writing", post(&both), CREATED),
        ("no scope, private", private(&neither), NO_SCOPE),
        ("no scope, me", me(&neither), OK),
        ("another API's token", private(&elsewhere), INVALID),
        ("another provider's token", private(&strange), INVALID),
        ("bound to a key", private(&bound), INVALID),
        ("no signature", private(cut_off), INVALID),
        (
            "another token's payload",
            private(&spliced(&reader, &both)),
            INVALID,
        ),
    ];
    let named = |(name, request, expected)| {
        let name = format!("{algorithm}, {name}");
        check(&name, request, expected)
    };
    let mut checks: Vec<Check> = rows.into_iter().map(named).collect();
    // RFC 9068 section 2.2: without a user, `sub` is the client.
    let claims = check(&format!("{algorithm}, the claims"), me(&reader), OK);
    checks.push(claims.with_member("/sub", client));
    Ok(checks)
}

/// The first token with the payload of the second.
fn spliced(first: &str, second: &str) -> String {
    let payload = second.split('.').nth(1).unwrap_or_default();
    let mut parts: Vec<&str> = first.split('.').collect();
    if let Some(part) = parts.get_mut(1) {
        *part = payload;
    }
    parts.join(".")
}
