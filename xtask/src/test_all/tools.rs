//! Tools that are used when they are there.

use std::process::Stdio;

use crate::process::cargo;

/// What is installed besides cargo itself.
#[derive(Debug)]
pub(super) struct Tools {
    /// Runs tests in parallel; cargo's own runner does as well, slower.
    pub(super) nextest: bool,
    pub(super) deny: bool,
}

impl Tools {
    pub(super) fn look() -> Self {
        Self {
            nextest: answers("nextest"),
            deny: answers("deny"),
        }
    }
}

fn answers(subcommand: &str) -> bool {
    let mut command = cargo();
    command
        .args([subcommand, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
