//! Which test binary belongs to which package, for cargo's own test runner, which prints paths.

use std::{collections::BTreeMap, io, path::Path, process::Stdio};

use serde_json::Value;

use crate::process::cargo;

/// Test binaries by file name.
#[derive(Debug, Default)]
pub(super) struct Binaries(BTreeMap<String, String>);

impl Binaries {
    /// Builds the tests of the selected packages.
    pub(super) fn build(select: &[&str]) -> Result<Self, BuildError> {
        let mut command = cargo();
        command
            .args(["test", "--no-run", "--lib", "--bins", "--tests"])
            .arg("--message-format=json-render-diagnostics")
            .args(select)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        let output = command.output()?;
        if !output.status.success() {
            return Err(BuildError::Failed);
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        Ok(Self(messages.lines().filter_map(binary).collect()))
    }

    /// The package of the binary at this path.
    pub(super) fn package(&self, path: &str) -> Option<&str> {
        self.0.get(&file_name(path)?).map(String::as_str)
    }
}

fn binary(line: &str) -> Option<(String, String)> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let package = Path::new(message["manifest_path"].as_str()?).parent()?;
    let package = package.file_name()?.to_str()?;
    Some((
        file_name(message["executable"].as_str()?)?,
        package.to_owned(),
    ))
}

fn file_name(path: &str) -> Option<String> {
    Some(Path::new(path).file_name()?.to_str()?.to_owned())
}

/// Why there are no test binaries.
#[derive(Debug, thiserror::Error)]
pub(super) enum BuildError {
    #[error("cannot run cargo")]
    NoCargo(#[from] io::Error),
    #[error("the tests do not compile")]
    Failed,
}
