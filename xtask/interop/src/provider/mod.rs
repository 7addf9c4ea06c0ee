//! The npm package `oidc-provider` as the issuer.
//!
//! Our servers know nothing but its identifier and the audience: they find the keys by discovery.

mod check;
mod grant;

use blackbox::{http::Request, server::Server};

use self::{
    check::{CREATED, Check, INVALID, NO_SCOPE, NO_TOKEN, OK, check},
    grant::{Grant, Provider},
};
use crate::{
    error::Error,
    servers::{self, Binaries},
    tally::Tally,
};

const RESOURCE: &str = "https://quickstart.example/api";
const ELSEWHERE: &str = "https://elsewhere.example/api";

/// The clients that get signed tokens, and the algorithm of each.
const SIGNING: [(&str, &str); 4] = [
    ("service-rs256", "RS256"),
    ("service-es256", "ES256"),
    ("service-ps256", "PS256"),
    ("service-eddsa", "EdDSA"),
];

/// How the provider's identifier looks, and which algorithms our servers accept from it.
const SETTINGS: [(&str, &[&str]); 2] =
    [("", &["RS256", "ES256"]), ("/tenant", &["PS256", "EdDSA"])];

/// Runs our servers against the provider in every setting.
pub(crate) fn run(binaries: &Binaries, tally: &mut Tally) -> Result<(), Error> {
    let stranger = Provider::start(0, "")?;
    for (path, algorithms) in SETTINGS {
        run_setting(binaries, tally, path, algorithms, &stranger)?;
    }
    stranger.stop()
}

fn run_setting(
    binaries: &Binaries,
    tally: &mut Tally,
    path: &'static str,
    algorithms: &[&str],
    stranger: &Provider,
) -> Result<(), Error> {
    let provider = Provider::start(0, path)?;
    let issuer = provider.issuer();
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &issuer),
        ("AUTHZ_AUDIENCE", RESOURCE),
        ("AUTHZ_ALGORITHMS", &algorithms.join(",")),
    ])?;
    println!(
        "\noidc-provider: issuer {issuer}, accepting {}",
        algorithms.join(" and ")
    );

    let checks = checks(&provider, algorithms, stranger)?;
    for server in &servers {
        for check in &checks {
            check.run(server, tally)?;
        }
    }
    rotate(provider, algorithms, &servers, tally)?;
    servers
        .into_iter()
        .try_for_each(servers::stop)
        .map_err(Into::into)
}

/// The provider goes away, and comes back with other keys under the same identifier.
fn rotate(
    provider: Provider,
    algorithms: &[&str],
    servers: &[Server],
    tally: &mut Tally,
) -> Result<(), Error> {
    let client = SIGNING
        .iter()
        .find(|(_, algorithm)| algorithms.contains(algorithm));
    let (client, _) =
        client.ok_or_else(|| Error::Unusable("a setting", "no client signs so".to_owned()))?;
    let grant = Grant {
        client,
        resource: RESOURCE,
        scope: "read:messages",
    };
    let (port, path) = (provider.port(), provider.path());

    let old = provider.token(grant)?;
    // Never seen before: no cache of tokens can know it.
    let unseen = provider.token(grant)?;
    provider.stop()?;
    let mut checks = vec![check(
        "the provider is down, a new token of a known key",
        private(&unseen),
        OK,
    )];
    for server in servers {
        checks
            .iter()
            .try_for_each(|check| check.run(server, tally))?;
    }

    let provider = Provider::start(port, path)?;
    let new = provider.token(grant)?;
    checks = vec![
        check(
            "the provider has other keys, a token of a new one",
            private(&new),
            OK,
        ),
        check(
            "the provider has other keys, a token of an old one",
            private(&old),
            INVALID,
        ),
    ];
    for server in servers {
        checks
            .iter()
            .try_for_each(|check| check.run(server, tally))?;
    }
    provider.stop()
}

fn checks(
    provider: &Provider,
    accepted: &[&str],
    stranger: &Provider,
) -> Result<Vec<Check>, Error> {
    let grant = |client, resource, scope| Grant {
        client,
        resource,
        scope,
    };
    let mut checks = vec![
        check("the keys are loaded", Request::get("/readyz"), OK),
        check("no token, public", Request::get("/api/public"), OK),
        check("no token, private", Request::get("/api/private"), NO_TOKEN),
    ];

    for (client, algorithm) in SIGNING {
        let reader = provider.token(grant(client, RESOURCE, "read:messages"))?;
        if !accepted.contains(&algorithm) {
            checks.push(check(
                &format!("{algorithm}, which is not accepted"),
                private(&reader),
                INVALID,
            ));
            continue;
        }
        let writer = provider.token(grant(client, RESOURCE, "write:messages"))?;
        let both = provider.token(grant(client, RESOURCE, "read:messages write:messages"))?;
        let neither = provider.token(grant(client, RESOURCE, ""))?;
        let foreign = provider.token(grant(client, ELSEWHERE, "read:messages"))?;
        let strange = stranger.token(grant(client, RESOURCE, "read:messages"))?;
        let post = |token: &str| {
            Request::post("/api/messages")
                .bearer(token)
                .json(r#"{"text":"hello"}"#)
        };
        let me = |token: &str| Request::get("/api/me").bearer(token);
        let head = Request::new("HEAD", "/api/private").bearer(&reader);
        let named = |name: &str, request, expected| {
            check(&format!("{algorithm}, {name}"), request, expected)
        };
        checks.extend([
            named("a reader reads", private(&reader), OK),
            named("the same token again", private(&reader), OK),
            named("HEAD", head, OK),
            named("a reader writes", post(&reader), NO_SCOPE),
            named("a writer writes", post(&writer), CREATED),
            named("a writer reads", private(&writer), NO_SCOPE),
            named("both scopes, reading", private(&both), OK),
            named("both scopes, writing", post(&both), CREATED),
            named("no scope, private", private(&neither), NO_SCOPE),
            named("no scope, me", me(&neither), OK),
            named("the reader's claims", me(&reader), OK),
            named("the audience of another API", private(&foreign), INVALID),
            named(
                "the same client of another provider",
                private(&strange),
                INVALID,
            ),
            named(
                "the payload of another token",
                private(&spliced(&reader, &both)),
                INVALID,
            ),
            named(
                "cut off",
                private(reader.trim_end_matches(|c| c != '.')),
                INVALID,
            ),
            named(
                "lower-case scheme",
                Request::get("/api/private").header("Authorization", format!("bearer {reader}")),
                OK,
            ),
        ]);
        let bound = provider.bound_token(grant(client, RESOURCE, "read:messages"))?;
        checks.push(named(
            "bound to a key and sent as a plain bearer token",
            private(&bound),
            INVALID,
        ));
    }

    let opaque = provider.token(grant("service-opaque", RESOURCE, "read:messages"))?;
    let encrypted = provider.token(grant("service-encrypted", RESOURCE, "read:messages"))?;
    checks.push(check("an opaque token", private(&opaque), INVALID));
    checks.push(check("an encrypted token", private(&encrypted), INVALID));
    Ok(checks)
}

fn private(token: &str) -> Request {
    Request::get("/api/private").bearer(token)
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
