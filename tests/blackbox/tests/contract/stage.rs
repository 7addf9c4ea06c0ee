//! A development issuer and a server that trusts it.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use authz_testkit::{DevIssuer, DevIssuerBuilder};
use blackbox::{
    http::{Request, Response},
    server::{Launch, Server},
    servers::{self, Framework},
};
use tokio::runtime::Runtime;

/// This API's identifier for clients (RFC 9728), as the servers of this suite are told.
pub(crate) const RESOURCE: &str = "https://api.quickstart.example";
/// Where a client finds the metadata of [`RESOURCE`] (RFC 9728 section 3.1).
pub(crate) const RESOURCE_METADATA: &str =
    "https://api.quickstart.example/.well-known/oauth-protected-resource";

/// How long anything that should happen may take.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// An issuer running in this process.
pub(crate) struct Issuer {
    issuer: DevIssuer,
    runtime: Runtime,
}

impl Issuer {
    pub(crate) fn start() -> Self {
        Self::build(DevIssuer::builder())
    }

    pub(crate) fn build(builder: DevIssuerBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let issuer = runtime.block_on(builder.start()).unwrap();
        Self { issuer, runtime }
    }

    pub(crate) fn go_offline(&self) {
        self.runtime.block_on(self.issuer.go_offline());
    }

    pub(crate) fn go_online(&self) {
        self.runtime.block_on(self.issuer.go_online());
    }

    /// Waits for a request for keys beyond those that have arrived.
    pub(crate) fn wait_for_key_request(&self, beyond: usize) {
        let requested = self.issuer.jwks_requested(beyond + 1);
        self.runtime
            .block_on(async { tokio::time::timeout(SOON, requested).await })
            .expect("the server asks for the keys again");
    }
}

impl std::ops::Deref for Issuer {
    type Target = DevIssuer;

    fn deref(&self) -> &DevIssuer {
        &self.issuer
    }
}

/// The file that the example servers bring.
pub(crate) const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/quickstart/rules.toml"
);

/// A server to be tested.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    framework: Framework,
    by_rules: bool,
}

impl Subject {
    /// Its policies are in its code.
    pub(crate) const fn in_code(framework: Framework) -> Self {
        Self {
            framework,
            by_rules: false,
        }
    }

    /// Its policies are those of [`RULES`].
    pub(crate) const fn by_rules(framework: Framework) -> Self {
        Self {
            framework,
            by_rules: true,
        }
    }
}

/// The server's program.
pub(crate) fn program(subject: Subject) -> Launch {
    let binary = Launch::new(binary(subject.framework));
    if !subject.by_rules {
        return binary;
    }
    let name = format!("{} by rules", subject.framework.package());
    binary.name(name).env("AUTHZ_RULES", RULES)
}

fn binary(framework: Framework) -> &'static Path {
    static BINARIES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let binaries = BINARIES
        .get_or_init(|| servers::build(&Framework::ALL).unwrap_or_else(|error| panic!("{error}")));
    let index = Framework::ALL.iter().position(|one| *one == framework);
    &binaries[index.unwrap()]
}

/// The server's program on a free port, set up for this issuer.
pub(crate) fn configured(subject: Subject, issuer: &DevIssuer) -> Launch {
    program(subject)
        .env("PORT", "0")
        .env("AUTHZ_ISSUER", issuer.issuer())
        .env("AUTHZ_AUDIENCE", issuer.audience())
        .env("AUTHZ_RESOURCE", RESOURCE)
}

/// A server that trusts this issuer and has its keys.
pub(crate) fn ready(subject: Subject, issuer: &DevIssuer) -> Server {
    start_ready(configured(subject, issuer))
}

/// Starts the server and waits until it has keys.
pub(crate) fn start_ready(launch: Launch) -> Server {
    let server = launch.start().unwrap_or_else(|error| panic!("{error}"));
    wait_until_ready(&server);
    server
}

/// Asks `/readyz` until it says so.
pub(crate) fn wait_until_ready(server: &Server) {
    let deadline = std::time::Instant::now() + SOON;
    loop {
        let answer = get(server, "/readyz");
        if answer.status() == 200 {
            assert_eq!(answer.text(), "ready");
            return;
        }
        assert_eq!(answer.status(), 503, "{answer:?}");
        assert!(
            std::time::Instant::now() < deadline,
            "not ready within {SOON:?}; log:\n{}",
            server.stderr()
        );
        // Every round is a connection of its own: the server sets the pace.
        std::thread::yield_now();
    }
}

pub(crate) fn get(server: &Server, path: &str) -> Response {
    send(server, &Request::get(path))
}

pub(crate) fn send(server: &Server, request: &Request) -> Response {
    request.send(server.address()).unwrap_or_else(|error| {
        panic!(
            "{} {}: {error}; log:\n{}",
            request.method(),
            request.target(),
            server.stderr()
        )
    })
}
