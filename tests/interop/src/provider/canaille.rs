//! The PyPI package Canaille as the issuer: opaque tokens, and introspection without signatures.
//!
//! Its answers have times with fractions of a second, and no `sub` for tokens that are a service's own.

use blackbox::http::Request;
use serde_json::json;

use super::{
    check::{INVALID, NO_SCOPE, OK, check},
    grant::{Grant, Provider, SECRET},
    requests::{READ, WRITE, private},
};
use crate::{
    python::VirtualEnvironment,
    servers::{self, Binaries},
    tally::Tally,
};

const PART: &str = "Canaille";

/// The client by which an API asks, which is also the audience of the tokens for it.
const API: &str = "messages-api";

/// Runs our servers against Canaille's introspection endpoint.
pub(crate) fn run(
    binaries: &Binaries,
    packages: &VirtualEnvironment,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let provider = Provider::start_canaille(packages)?;
    let issuer = provider.base_url();
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &issuer),
        ("AUTHZ_AUDIENCE", API),
        ("AUTHZ_INTROSPECTION", "opaque"),
        ("AUTHZ_CLIENT_ID", API),
        ("AUTHZ_CLIENT_SECRET", SECRET),
    ])?;
    servers.iter().try_for_each(servers::wait_until_ready)?;

    let token = |client, scope| provider.token(Grant::new(client, "", scope));
    let reader = token("service", READ)?;
    let writer = token("service", WRITE)?;
    let revoked = token("service", READ)?;
    provider.revoke("service", &revoked)?;
    let me = Request::get("/api/me").bearer(&reader);
    let checks = [
        check("an opaque token", private(&reader), OK),
        check("the same token again", private(&reader), OK),
        check("its claims", me, OK).with_member("/claims/client_id", "service"),
        check("its scopes", Request::get("/api/me").bearer(&writer), OK)
            .with_member("/scopes", json!([WRITE])),
        check("without the scope", private(&writer), NO_SCOPE),
        check(
            "for another API",
            private(&token("service-elsewhere", READ)?),
            INVALID,
        ),
        check("revoked", private(&revoked), INVALID),
        check("invented", private("a-token-that-nobody-issued"), INVALID),
    ];
    println!("\nCanaille: {} requests with introspection", checks.len());
    for server in &servers {
        for check in &checks {
            check.run(PART, server, tally)?;
        }
    }
    servers.into_iter().try_for_each(servers::stop)?;
    provider.stop()?;
    Ok(())
}
