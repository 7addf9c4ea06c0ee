//! Starting a program.

use std::{
    ffi::{OsStr, OsString},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{Exit, Server, StillRunning, lines::Lines, wait_for_end};

/// A program to start, with its arguments and environment.
///
/// The variables that configure servers ([`CONFIGURATION`]) are taken out of the environment first:
/// what the developer's shell happens to hold changes no result.
#[derive(Clone, Debug)]
#[must_use]
pub struct Launch {
    name: String,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    ready: String,
    timeout: Duration,
}

/// The variables that are not inherited.
pub const CONFIGURATION: [&str; 23] = [
    "AUTHZ_ISSUER",
    "AUTHZ_AUDIENCE",
    "AUTHZ_JWKS_URI",
    "AUTHZ_ALGORITHMS",
    "AUTHZ_RESOURCE",
    "AUTHZ_RULES",
    "AUTHZ_CORS_ORIGINS",
    "AUTHZ_DISCOVERY_URL",
    "AUTHZ_ALLOW_HTTP",
    "AUTHZ_CA_FILE",
    "AUTHZ_INTROSPECTION",
    "AUTHZ_INTROSPECTION_SIGNED",
    "AUTHZ_CLIENT_ID",
    "AUTHZ_CLIENT_SECRET",
    "AUTHZ_CLIENT_KEY",
    "AUTHZ_INSPECTOR_PORT",
    "AUTHZ_METRICS_PORT",
    "AUTHZ_STORE",
    "AUTH0_DOMAIN",
    "AUTH0_AUDIENCE",
    "HOST",
    "PORT",
    "RUST_LOG",
];

impl Launch {
    /// The program at this path; its file name is the name used in messages.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        let name = program
            .file_stem()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        Self {
            name,
            program,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            ready: "listening on ".to_owned(),
            timeout: Duration::from_secs(30),
        }
    }

    /// Another name for messages.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// One environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The working directory.
    pub fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// What the line begins with after which the server's `http://` or `https://` address stands; by default
    /// `listening on `.
    pub fn ready_line(mut self, prefix: impl Into<String>) -> Self {
        self.ready = prefix.into();
        self
    }

    /// How long the ready line may take; by default 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it cannot be started, ends, prints no ready line in time, or one without an address.
    pub fn start(self) -> Result<Server, StartError> {
        let (mut child, stdout, stderr) = self.spawn()?;
        let line = stdout.wait_for(|line| line.starts_with(&self.ready), self.timeout);
        let address = line.as_deref().map(|line| address(line, &self.ready));
        if let Some(Some(address)) = address {
            return Ok(Server {
                name: self.name,
                child,
                address,
                stdout,
                stderr,
            });
        }
        // Output that has ended belongs to a process about to end.
        let exit = match stdout.ended() {
            true => wait_for_end(&mut child, &stdout, &stderr, Duration::from_secs(2)),
            false => None,
        };
        let _ = child.kill();
        let _ = child.wait();
        Err(match (exit, line) {
            (_, Some(line)) => StartError::NoAddress {
                name: self.name,
                line,
            },
            (Some(status), None) => StartError::Ended {
                name: self.name,
                exit: Exit {
                    status,
                    stdout: stdout.text(),
                    stderr: stderr.text(),
                },
            },
            (None, None) => StartError::Silent {
                name: self.name,
                waited: self.timeout,
                ready: self.ready,
                stderr: stderr.text(),
            },
        })
    }

    /// Runs the program to its end, for one that is expected to refuse its configuration.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or has not ended within `timeout`.
    pub fn run(self, timeout: Duration) -> Result<Exit, RunError> {
        let (mut child, stdout, stderr) = self.spawn()?;
        if let Some(status) = wait_for_end(&mut child, &stdout, &stderr, timeout) {
            return Ok(Exit {
                status,
                stdout: stdout.text(),
                stderr: stderr.text(),
            });
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(RunError::StillRunning(StillRunning {
            name: self.name,
            waited: timeout,
        }))
    }

    fn spawn(&self) -> Result<(Child, Lines, Lines), StartError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for variable in CONFIGURATION {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        let unstartable = |source| StartError::Unstartable {
            program: self.program.clone(),
            source,
        };
        let mut child = command.spawn().map_err(unstartable)?;
        match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), Some(stderr)) => Ok((child, Lines::read(stdout), Lines::read(stderr))),
            _ => Err(unstartable(io::Error::other("its output is not piped"))),
        }
    }
}

fn address(line: &str, prefix: &str) -> Option<SocketAddr> {
    let url = line.strip_prefix(prefix)?;
    let rest = url
        .strip_prefix("http://")
        .or(url.strip_prefix("https://"))?;
    rest.trim_end_matches('/').parse().ok()
}

/// Why a server is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The operating system did not start it.
    #[error("cannot start {}", .program.display())]
    Unstartable {
        /// What was to be started.
        program: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// It ended before it listened.
    #[error("{name} ended with exit code {:?} before it listened; stderr:\n{}", .exit.code(), .exit.stderr())]
    Ended {
        /// The server.
        name: String,
        /// How it ended.
        exit: Exit,
    },
    /// It runs, but has not said that it listens.
    #[error("{name} has not printed \"{ready}...\" within {} s; stderr:\n{stderr}", .waited.as_secs())]
    Silent {
        /// The server.
        name: String,
        /// How long it was waited for.
        waited: Duration,
        /// What the line should have begun with.
        ready: String,
        /// What it printed to stderr until then.
        stderr: String,
    },
    /// It said that it listens, but not where.
    #[error("{name} printed {line:?}, which names no http:// or https://ADDRESS:PORT")]
    NoAddress {
        /// The server.
        name: String,
        /// The line.
        line: String,
    },
}

/// Why a program has not been run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It was not started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It did not end.
    #[error(transparent)]
    StillRunning(StillRunning),
}
