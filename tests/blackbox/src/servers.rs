//! The three example servers: their names, and their binaries.

use std::{
    env, fmt, io,
    path::PathBuf,
    process::{Command, Stdio},
    str::FromStr,
};

/// The web framework of an example server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// `quickstart-axum`
    Axum,
    /// `quickstart-warp`
    Warp,
    /// `quickstart-poem`
    Poem,
}

impl Framework {
    /// All three, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Axum, Self::Warp, Self::Poem];

    /// The framework's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Warp => "warp",
            Self::Poem => "poem",
        }
    }

    /// The example server's package, which is its binary's name too.
    #[must_use]
    pub const fn package(self) -> &'static str {
        match self {
            Self::Axum => "quickstart-axum",
            Self::Warp => "quickstart-warp",
            Self::Poem => "quickstart-poem",
        }
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Framework {
    type Err = UnknownFramework;

    fn from_str(name: &str) -> Result<Self, UnknownFramework> {
        let known = Self::ALL.into_iter().find(|known| known.name() == name);
        known.ok_or_else(|| UnknownFramework(name.to_owned()))
    }
}

/// A name that is none of the three.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of axum, warp, poem")]
pub struct UnknownFramework(String);

/// Where to find the binaries when they are built already: the folder that holds them.
///
/// `cargo xtask test-all` builds them once and sets this for the tests that follow.
pub const BINARIES: &str = "QUICKSTART_BINARIES";

/// Builds these servers with cargo, its progress on stderr, and gives their binaries in the order
/// asked for.
///
/// # Errors
///
/// When cargo cannot be run or the build fails.
pub fn build(frameworks: &[Framework]) -> Result<Vec<PathBuf>, BuildError> {
    if let Some(folder) = env::var_os(BINARIES) {
        let folder = PathBuf::from(folder);
        let file = |framework: &Framework| {
            folder.join(format!(
                "{}{}",
                framework.package(),
                env::consts::EXE_SUFFIX
            ))
        };
        return Ok(frameworks.iter().map(file).collect());
    }
    let packages: Vec<_> = frameworks
        .iter()
        .map(|it| (it.package(), it.package()))
        .collect();
    build_packages(&packages)
}

/// Builds packages with cargo, each for one binary, and gives the binaries in the order asked for.
///
/// # Errors
///
/// When cargo cannot be run or the build fails.
pub fn build_packages(
    packages: &[(&'static str, &'static str)],
) -> Result<Vec<PathBuf>, BuildError> {
    // Cargo tells its children which cargo it is.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["build", "--message-format=json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    for (package, _) in packages {
        command.args(["--package", package]);
    }
    let output = command.output().map_err(BuildError::NoCargo)?;
    if !output.status.success() {
        return Err(BuildError::Failed);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let binary = |(_, binary): &(&str, &'static str)| {
        let mut binaries = messages.lines().filter_map(|line| executable(line, binary));
        binaries.next().ok_or(BuildError::NoBinary(binary))
    };
    packages.iter().map(binary).collect()
}

/// The binary of this name, when this line of cargo's JSON messages is about it.
fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["target"]["name"] != name {
        return None;
    }
    Some(PathBuf::from(message["executable"].as_str()?))
}

/// Why there are no servers to start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo itself did not start.
    #[error("cannot run cargo")]
    NoCargo(#[source] io::Error),
    /// Cargo said why on stderr.
    #[error("the example servers do not build; cargo's messages above say why")]
    Failed,
    /// The package has no such binary.
    #[error("cargo built no binary {0}")]
    NoBinary(&'static str),
}
