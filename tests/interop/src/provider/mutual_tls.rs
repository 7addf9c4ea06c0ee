//! Tokens that the provider has bound to a client certificate (RFC 8705), on servers that terminate TLS.

use super::{
    Binaries, PART, Tally,
    grant::{Grant, Provider},
    requests::{READ, RESOURCE},
};
use crate::{
    servers,
    tally::Verdict,
    tls::{Client, Expected, OTHER, OWNER},
};

const OK: Expected = Expected(200, None);
const INVALID: Expected = Expected(401, Some("invalid_token"));

pub(super) fn run(binaries: &Binaries, tally: &mut Tally) -> anyhow::Result<()> {
    let provider = Provider::start(0, "")?;
    let mut client = Client::new(0)?;
    let file = |name| client.file(name).display().to_string();
    let servers = binaries.start(&[
        ("AUTHZ_ISSUER", &provider.issuer()),
        ("AUTHZ_AUDIENCE", RESOURCE),
        ("AUTHZ_TLS_CERT", &file("site.crt")),
        ("AUTHZ_TLS_KEY", &file("site.key")),
        ("AUTHZ_TLS_CLIENT", "optional"),
    ])?;
    let grant = |client| Grant::new(client, RESOURCE, READ);
    let owner = client.identity(OWNER)?;
    let bound = provider.token_with(grant("service-mtls"), &[], Some(owner))?;
    let bearer = provider.token(grant("service-rs256"))?;
    let rows = [
        ("bound, its certificate", &bound, Some(OWNER), OK),
        ("bound, another certificate", &bound, Some(OTHER), INVALID),
        ("bound, no certificate", &bound, None, INVALID),
        ("not bound, a certificate", &bearer, Some(OTHER), OK),
        ("not bound, no certificate", &bearer, None, OK),
    ];
    println!(
        "\noidc-provider: {} requests with client certificates",
        rows.len()
    );
    for server in servers {
        client.port = server.address().port();
        client.wait_for("/readyz", || Ok(server.stderr()))?;
        for (name, token, certificate, expected) in rows {
            let authorization = format!("Authorization: Bearer {token}");
            let answer = client.get("/api/private", certificate, &[authorization])?;
            let problem = expected.problem(&answer);
            if let Some(problem) = &problem {
                println!(
                    "  UNEXPECTED {name}: {} {problem}\n    {answer}",
                    server.name()
                );
            }
            tally.count(PART, server.name(), Verdict::of(problem.is_none()));
        }
        servers::stop(server)?;
    }
    provider.stop()?;
    Ok(())
}
