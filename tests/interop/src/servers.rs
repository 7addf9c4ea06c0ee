//! The servers under test and the scripts beside them.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use blackbox::{
    http::Request,
    server::{Launch, Server},
    servers::Framework,
};

use crate::calls;

/// How long a server may take to get the issuer's keys.
const READY: Duration = Duration::from_secs(15);

/// How long a server may take to end once it has been asked to.
const STOP: Duration = Duration::from_secs(15);

/// The binaries of the three example servers.
#[derive(Debug)]
pub(crate) struct Binaries(Vec<(Framework, PathBuf)>);

impl Binaries {
    /// Builds them.
    pub(crate) fn build() -> anyhow::Result<Self> {
        let paths = blackbox::servers::build(&Framework::ALL)?;
        Ok(Self(Framework::ALL.into_iter().zip(paths).collect()))
    }

    /// Starts all three on free ports with this environment.
    pub(crate) fn start(&self, environment: &[(&str, &str)]) -> anyhow::Result<Vec<Server>> {
        let frameworks = self.0.iter().map(|(framework, _)| *framework);
        frameworks
            .map(|it| self.start_one(it, environment))
            .collect()
    }

    /// Starts one of them.
    pub(crate) fn start_one(
        &self,
        framework: Framework,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Server> {
        let mut binaries = self.0.iter();
        let binary = binaries.find(|(known, _)| *known == framework);
        let (_, binary) = binary.with_context(|| format!("{framework} is not built"))?;
        let launch = Launch::new(binary).name(framework.name()).env("PORT", "0");
        Ok(with(launch, environment).start()?)
    }
}

/// Starts a server of `tests/interop` with Node.js. What it fetches is on this machine: no proxy is
/// to be asked.
pub(crate) fn start_script(
    name: &str,
    script: &str,
    environment: &[(&str, &str)],
) -> anyhow::Result<Server> {
    let launch = Launch::new("node")
        .name(name)
        .arg(script)
        .env("NO_PROXY", "127.0.0.1")
        .directory(scripts());
    Ok(with(launch, environment).start()?)
}

/// Waits until a server has the issuer's keys, as whatever sends it requests in production would.
pub(crate) fn wait_until_ready(server: &Server) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY;
    loop {
        let answer = calls::send(&Request::get("/readyz"), server)?;
        if answer.status() == 200 {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{} has no keys of the issuer yet; its log:\n{}",
            server.name(),
            server.stderr()
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// Ends a server as its user would; one that has to be killed is an error.
pub(crate) fn stop(server: Server) -> Result<(), blackbox::server::StillRunning> {
    server.stop(STOP).map(drop)
}

/// A port that nothing listens on now.
pub(crate) fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// The folder of the scripts.
pub(crate) fn scripts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn with(launch: Launch, environment: &[(&str, &str)]) -> Launch {
    environment
        .iter()
        .fold(launch, |launch, (name, value)| launch.env(name, value))
}
