//! The servers under test and the scripts beside them.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use blackbox::{
    http::Request,
    server::{Launch, Server, StartError},
    servers::Framework,
};

use crate::error::Error;

/// How long a server may take to get the issuer's keys.
const READY: Duration = Duration::from_secs(15);

/// How long a server may take to end once it has been asked to.
const STOP: Duration = Duration::from_secs(15);

/// The binaries of the three example servers.
#[derive(Debug)]
pub(crate) struct Binaries(Vec<(Framework, PathBuf)>);

impl Binaries {
    /// Builds them.
    pub(crate) fn build() -> Result<Self, blackbox::servers::BuildError> {
        let paths = blackbox::servers::build(&Framework::ALL)?;
        Ok(Self(Framework::ALL.into_iter().zip(paths).collect()))
    }

    /// Starts all three on free ports with this environment.
    pub(crate) fn start(&self, environment: &[(&str, &str)]) -> Result<Vec<Server>, StartError> {
        let start = |(framework, binary): &(Framework, PathBuf)| {
            let launch = Launch::new(binary).name(framework.name()).env("PORT", "0");
            with(launch, environment).start()
        };
        self.0.iter().map(start).collect()
    }
}

/// Starts a server of `tests/interop` with Node.js. What it fetches is on this machine: no proxy is
/// to be asked.
pub(crate) fn start_script(
    name: &str,
    script: &str,
    environment: &[(&str, &str)],
) -> Result<Server, StartError> {
    with(
        Launch::new("node")
            .name(name)
            .arg(script)
            .env("NO_PROXY", "127.0.0.1")
            .directory(scripts()),
        environment,
    )
    .start()
}

/// Waits until a server has the issuer's keys, as whatever sends it requests in production would.
pub(crate) fn wait_until_ready(server: &Server) -> Result<(), Error> {
    let deadline = Instant::now() + READY;
    loop {
        let answer = crate::send(&Request::get("/readyz"), server)?;
        if answer.status() == 200 {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Error::NotReady {
                server: server.name().to_owned(),
                stderr: server.stderr(),
            });
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Ends a server as its user would; one that has to be killed is an error.
pub(crate) fn stop(server: Server) -> Result<(), blackbox::server::StillRunning> {
    server.stop(STOP).map(drop)
}

/// The folder of the scripts.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop")
}

fn with(launch: Launch, environment: &[(&str, &str)]) -> Launch {
    environment
        .iter()
        .fold(launch, |launch, (name, value)| launch.env(name, value))
}
