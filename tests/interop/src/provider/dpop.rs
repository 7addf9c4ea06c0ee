//! Bound tokens of the provider, with proofs by the npm package `dpop`.

use anyhow::Context as _;
use serde_json::Value;

use super::{
    Binaries, PART, Tally,
    grant::{Grant, Provider},
    requests::RESOURCE,
};
use crate::{servers, tally::Verdict};

const PUBLIC_URL: &str = "https://api.quickstart.example/v1";

const EXPECTED: &[Call] = &[
    ("without a nonce", 401, Some("use_dpop_nonce")),
    ("with a nonce", 200, None),
    ("the same proof again", 401, Some("invalid_dpop_proof")),
    ("without a proof", 401, Some("invalid_dpop_proof")),
    ("by another key", 401, Some("invalid_token")),
    ("as a bearer token", 401, Some("invalid_token")),
    ("another new proof", 200, None),
];

pub(super) fn run(binaries: &Binaries, tally: &mut Tally) -> anyhow::Result<()> {
    let provider = Provider::start(0, "")?;
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &provider.issuer()),
        ("AUTHZ_AUDIENCE", RESOURCE),
        ("AUTHZ_ALGORITHMS", "RS256"),
        ("AUTHZ_DPOP", "accepted"),
        ("AUTHZ_DPOP_NONCE", "required"),
        ("AUTHZ_PUBLIC_URL", PUBLIC_URL),
    ])?;
    servers.iter().try_for_each(servers::wait_until_ready)?;
    println!("\noidc-provider: bound tokens, with proofs by the npm package dpop");
    let grant = Grant::new("service-rs256", RESOURCE, "read:messages");
    for server in &servers {
        let seen = provider.calls_with_proofs(grant, &server.base_url(), PUBLIC_URL)?;
        compare(EXPECTED, &seen, server.name(), tally)?;
    }
    servers.into_iter().try_for_each(servers::stop)?;
    provider.stop()?;
    Ok(())
}

/// What a client does, and the status and error code that it must get.
pub(super) type Call = (&'static str, u16, Option<&'static str>);

/// Compares the lines of JSON that a client has printed, one for each call.
pub(super) fn compare(
    expected: &[Call],
    seen: &str,
    server: &str,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    for (what, status, error) in expected {
        let mut lines = seen.lines();
        let line = lines.find(|line| line.contains(&format!("\"{what}\"")));
        let line = line.with_context(|| format!("the client did not call {what}: {seen}"))?;
        let found: Value = serde_json::from_str(line)?;
        let is_expected = found["status"] == *status && found["error"].as_str() == *error;
        if !is_expected {
            println!("  UNEXPECTED {server}: {line}");
        }
        tally.count(PART, server, Verdict::of(is_expected));
    }
    Ok(())
}
