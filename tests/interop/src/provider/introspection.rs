//! Opaque tokens, about which our servers ask the provider (RFC 7662, RFC 9701).

use authz_core::{Algorithm, Authorizer, ClientAuthentication, Introspection, Issuer};
use blackbox::http::Request;
use tokio::runtime::Runtime;

use super::{
    check::{INVALID, NO_SCOPE, OK, check},
    check_all,
    grant::{Grant, Provider, SECRET},
    requests::{self, ELSEWHERE, READ, RESOURCE, WRITE, private},
};
use crate::{
    servers::{self, Binaries},
    tally::{Tally, Verdict},
};

/// The client by which an API asks.
const API: &str = "messages-api";

/// Runs our servers against the provider's introspection endpoint.
pub(super) fn run(binaries: &Binaries, tally: &mut Tally) -> anyhow::Result<()> {
    let provider = Provider::start(0, "/tenant")?;
    let issuer = provider.issuer();
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &issuer),
        ("AUTHZ_AUDIENCE", RESOURCE),
        ("AUTHZ_INTROSPECTION", "opaque"),
        ("AUTHZ_CLIENT_ID", API),
        ("AUTHZ_CLIENT_SECRET", SECRET),
    ])?;
    servers.iter().try_for_each(servers::wait_until_ready)?;

    let opaque = |resource, scope| provider.token(Grant::new("service-opaque", resource, scope));
    let reader = opaque(RESOURCE, READ)?;
    let revoked = opaque(RESOURCE, READ)?;
    provider.revoke("service-opaque", &revoked)?;
    let jwt = provider.token(Grant::new("service-rs256", RESOURCE, READ))?;
    let encrypted = provider.token(Grant::new("service-encrypted", RESOURCE, READ))?;
    let me = Request::get("/api/me").bearer(&reader);
    let mut checks = vec![
        check("an opaque token", private(&reader), OK),
        check("the same token again", private(&reader), OK),
        check("its claims", me, OK),
        check(
            "without the scope",
            private(&opaque(RESOURCE, WRITE)?),
            NO_SCOPE,
        ),
        check(
            "for another API",
            private(&opaque(ELSEWHERE, READ)?),
            INVALID,
        ),
        check("revoked", private(&revoked), INVALID),
        check("invented", private("a-token-that-nobody-issued"), INVALID),
        check("a JWT", private(&jwt), OK),
        check("an encrypted token", private(&encrypted), INVALID),
    ];
    let grant = Grant::new("service-opaque", RESOURCE, READ);
    checks.extend(requests::authorization_details(&provider, grant)?);
    println!(
        "\noidc-provider: {} requests with introspection",
        checks.len()
    );
    check_all(&checks, &servers, tally)?;
    servers.into_iter().try_for_each(servers::stop)?;
    let unseen = [opaque(RESOURCE, READ)?, opaque(ELSEWHERE, READ)?, revoked];
    let decisions = Runtime::new()?.block_on(signed(&issuer, &unseen))?;
    for (name, is_right) in [
        ("a signed answer", decisions[0]),
        ("a signed answer, for another API", !decisions[1]),
        ("a signed answer, revoked", !decisions[2]),
    ] {
        if !is_right {
            println!("  UNEXPECTED {name}");
        }
        tally.count("oidc-provider", "core", Verdict::of(is_right));
    }
    provider.stop()?;
    Ok(())
}

/// Whether the core accepts each of these tokens by a signed answer.
async fn signed(issuer: &str, tokens: &[String; 3]) -> anyhow::Result<[bool; 3]> {
    let client = ClientAuthentication::client_secret_basic(API, SECRET);
    let issuer = Issuer::new(issuer)
        .audience(RESOURCE)
        .algorithms([Algorithm::ES256])
        .introspect(Introspection::opaque(client).signed());
    let authorizer = Authorizer::new(issuer)?;
    let mut accepted = [false; 3];
    for (accepted, token) in accepted.iter_mut().zip(tokens) {
        let decision = authorizer.verify(token).await;
        // A signature that is not understood is 503, which is no decision.
        anyhow::ensure!(
            decision.as_ref().err().is_none_or(|it| it.status() == 401),
            "{decision:?}"
        );
        *accepted = decision.is_ok();
    }
    Ok(accepted)
}
