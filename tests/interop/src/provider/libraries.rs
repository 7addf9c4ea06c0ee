//! Client libraries of npm and PyPI that make the proofs and read the challenges themselves.
//!
//! `oauth4webapi` begins with the address of the API: what it finds in the metadata (RFC 9728) must do.

use std::{path::PathBuf, process::Command};

use blackbox::servers::Framework;

use super::{
    Binaries, Tally,
    dpop::{self, Call},
    grant::{Provider, SECRET},
    requests::READ,
};
use crate::{calls, python::VirtualEnvironment, servers};

const OAUTH4WEBAPI: &[Call] = &[
    ("without a nonce", 401, Some("use_dpop_nonce")),
    ("with a nonce", 200, None),
    ("another call", 200, None),
    ("without the scope", 403, Some("insufficient_scope")),
    (
        "by another key, without a nonce",
        401,
        Some("use_dpop_nonce"),
    ),
    ("by another key", 401, Some("invalid_token")),
    ("as a bearer token", 401, Some("invalid_token")),
];

/// It repeats a call with the nonce by itself.
const OPENID_CLIENT: &[Call] = &[
    ("a call", 200, None),
    ("another call", 200, None),
    ("without the scope", 403, Some("insufficient_scope")),
    ("by another key", 401, Some("invalid_token")),
    ("as a bearer token", 401, Some("invalid_token")),
];

/// It repeats a call with the nonce by itself, and can make signatures of two algorithms, which no standard
/// defines.
const PYDPOP: &[Call] = &[
    ("a call", 200, None),
    ("another call", 200, None),
    ("without the scope", 403, Some("insufficient_scope")),
    ("by another key", 401, Some("invalid_token")),
    ("by a hybrid key", 401, Some("invalid_dpop_proof")),
    ("as a bearer token", 401, Some("invalid_token")),
];

/// Lets each library call each of our servers.
pub(super) fn run(
    binaries: &Binaries,
    packages: Option<&VirtualEnvironment>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let node = PathBuf::from("node");
    let mut clients = vec![
        (&node, "oauth4webapi.mjs", OAUTH4WEBAPI),
        (&node, "openid-client.mjs", OPENID_CLIENT),
    ];
    let python = packages.map(VirtualEnvironment::python);
    clients.extend(python.iter().map(|it| (it, "pydpop-client.py", PYDPOP)));

    let provider = Provider::start(0, "/tenant")?;
    println!("\noidc-provider: bound tokens, with proofs by other libraries");
    for framework in Framework::ALL {
        // The resource is the address, which must be known before the server starts.
        let port = servers::free_port()?.to_string();
        let resource = format!("http://127.0.0.1:{port}");
        let server = binaries.start_one(
            framework,
            &[
                ("PORT", &port),
                ("AUTHZ_ISSUER", &provider.issuer()),
                ("AUTHZ_AUDIENCE", &resource),
                ("AUTHZ_RESOURCE", &resource),
                ("AUTHZ_DPOP", "required"),
                ("AUTHZ_DPOP_NONCE", "required"),
            ],
        )?;
        servers::wait_until_ready(&server)?;
        for (program, script, expected) in &clients {
            let mut client = Command::new(program);
            client
                .current_dir(servers::scripts())
                .args([*script, &resource, "service-rs256", SECRET, READ])
                .arg(provider.issuer());
            let seen = calls::output_of(script, client)?;
            dpop::compare(expected, &seen, server.name(), tally)?;
        }
        servers::stop(server)?;
    }
    provider.stop()?;
    Ok(())
}
