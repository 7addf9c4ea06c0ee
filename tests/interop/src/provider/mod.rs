//! The npm package `oidc-provider` as the issuer.
//!
//! Our servers know nothing but its identifier and the audience: they find the keys by discovery.

pub(crate) mod canaille;
mod check;
mod details;
mod dpop;
mod grant;
mod introspection;
mod libraries;
mod mutual_tls;
mod requests;

use blackbox::server::Server;

use self::{
    check::{Check, INVALID, OK, check},
    grant::Provider,
    requests::{RESOURCE, private},
};
use crate::{
    python::VirtualEnvironment,
    servers::{self, Binaries},
    tally::Tally,
};

const PART: &str = "oidc-provider";

/// How the provider's identifier looks, and which algorithms our servers accept from it.
const SETTINGS: [(&str, &[&str]); 2] =
    [("", &["RS256", "ES256"]), ("/tenant", &["PS256", "EdDSA"])];

/// Runs our servers against the provider in every setting. Clients in Python need `packages`.
pub(crate) fn run(
    binaries: &Binaries,
    packages: Option<&VirtualEnvironment>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let stranger = Provider::start(0, "")?;
    for (path, algorithms) in SETTINGS {
        run_setting(binaries, tally, path, algorithms, &stranger)?;
    }
    stranger.stop()?;
    details::run(binaries, tally)?;
    dpop::run(binaries, tally)?;
    libraries::run(binaries, packages, tally)?;
    mutual_tls::run(binaries, tally)?;
    introspection::run(binaries, tally)
}

fn run_setting(
    binaries: &Binaries,
    tally: &mut Tally,
    path: &'static str,
    algorithms: &[&str],
    stranger: &Provider,
) -> anyhow::Result<()> {
    let provider = Provider::start(0, path)?;
    let issuer = provider.issuer();
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &issuer),
        ("AUTHZ_AUDIENCE", RESOURCE),
        ("AUTHZ_ALGORITHMS", &algorithms.join(",")),
    ])?;
    servers.iter().try_for_each(servers::wait_until_ready)?;

    let checks = requests::all(&provider, algorithms, stranger)?;
    println!(
        "\noidc-provider: {} requests, issuer {issuer}, accepting {}",
        checks.len(),
        algorithms.join(" and ")
    );
    check_all(&checks, &servers, tally)?;
    change_keys(provider, algorithms, &servers, tally)?;
    servers.into_iter().try_for_each(servers::stop)?;
    Ok(())
}

/// The provider goes away, and comes back with other keys under the same identifier.
fn change_keys(
    provider: Provider,
    algorithms: &[&str],
    servers: &[Server],
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let grant = requests::reader(algorithms)?;
    let old = provider.token(grant)?;
    // One that no server has seen: no cache of tokens can know it.
    let unseen = provider.token(grant)?;

    println!("oidc-provider: gone");
    let (port, path) = provider.stop()?;
    let kept = "the provider is gone, its keys are still known";
    check_all(&[check(kept, private(&unseen), OK)], servers, tally)?;

    println!("oidc-provider: back with other keys");
    let provider = Provider::start(port, path)?;
    let new = provider.token(grant)?;
    let checks = [
        check("a new key after the change", private(&new), OK),
        check("an old key after the change", private(&old), INVALID),
    ];
    check_all(&checks, servers, tally)?;
    provider.stop()?;
    Ok(())
}

fn check_all(checks: &[Check], servers: &[Server], tally: &mut Tally) -> anyhow::Result<()> {
    for server in servers {
        for check in checks {
            check.run(PART, server, tally)?;
        }
    }
    Ok(())
}
