//! Starting other programs: servers, cargo, whatever else a command needs.
//!
//! ```text
//! let server = Launch::new("node")
//!     .name("oidc-provider")
//!     .arg("tests/interop/oidc-provider.mjs")
//!     .env("PORT", "0")
//!     .start()?;                       // waits for `listening on http://...`
//! let base = server.base_url();
//! let exit = server.stop(STOP)?;       // SIGTERM, then a bounded wait
//! ```

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

pub(crate) use blackbox::server::{Launch, StartError};

/// How long a server may take to end once it has been asked to.
pub(crate) const STOP: Duration = Duration::from_secs(15);

/// The repository's folder, wherever the command was called from.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The cargo that runs this command, to be run in the repository's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Where a program of this name is, when it can be run.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path)
        .map(|folder| folder.join(&file))
        .find(|program| program.is_file())
}
