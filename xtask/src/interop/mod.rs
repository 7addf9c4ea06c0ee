//! The example servers against software that this repository did not write.
//!
//! The comparisons themselves are in the package `interop`, in `xtask/interop`: they need the
//! crates under test, and this package does without. Here is what comes before: the tools that have
//! to be there, and the npm packages.

mod packages;
mod tools;

use std::{io, process::ExitStatus};

use crate::{process::cargo, report::Counts, stream};

pub(crate) use tools::Tool;

/// Run the example servers against software that this repository did not write
///
/// An OpenID provider and the tutorial's own server from npm, and clients in curl, Python and Node.
/// Needs Node.js with npm, Python 3 and curl; the first run installs the npm packages.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Run this part only; may be given several times
    #[arg(long, value_name = "PART", value_parser = ["provider", "tutorial", "clients"])]
    only: Vec<String>,
}

/// How many of the comparisons held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary(Counts);

impl From<Summary> for Counts {
    fn from(summary: Summary) -> Self {
        summary.0
    }
}

/// Why the comparisons could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum InteropError {
    #[error("{} is not installed: {}", .0.name, .0.source)]
    Missing(&'static Tool),
    #[error("{} {found} is too old, {} or later is needed: {}", .tool.name, .tool.at_least(), .tool.source)]
    TooOld { tool: &'static Tool, found: String },
    #[error("cannot run {program}")]
    Unstartable {
        program: &'static str,
        source: io::Error,
    },
    #[error(
        "npm did not install the packages of tests/interop ({0}); it says above why. `npm ci` there repeats it"
    )]
    NotInstalled(ExitStatus),
    #[error("the comparisons broke off ({0}) before they had a result; what they said is above")]
    NoResult(ExitStatus),
}

impl InteropError {
    /// Whether this machine lacks something optional: a reason to skip rather than to fail.
    pub(crate) fn is_missing_tool(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::TooOld { .. })
    }
}

pub(crate) fn run(options: &Options) -> Result<Summary, InteropError> {
    tools::check()?;
    packages::install()?;

    let mut command = cargo();
    command.args(["run", "--package", "interop", "--"]);
    for part in &options.only {
        command.args(["--only", part]);
    }
    let mut counts = None;
    let status =
        stream::run(command, |line| counts = result(line).or(counts)).map_err(|source| {
            InteropError::Unstartable {
                program: "cargo",
                source,
            }
        })?;
    counts.map(Summary).ok_or(InteropError::NoResult(status))
}

/// The figures of the line that the comparisons end with.
fn result(line: &str) -> Option<Counts> {
    let (passed, failed) = line
        .strip_suffix(" otherwise")?
        .split_once(" answers as expected, ")?;
    Some(Counts {
        passed: passed.parse().ok()?,
        failed: failed.parse().ok()?,
        skipped: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::result;

    #[test]
    fn reads_the_last_line() {
        let counts = result("812 answers as expected, 3 otherwise").expect("the line");
        assert_eq!((counts.passed, counts.failed, counts.skipped), (812, 3, 0));
        assert_eq!(result("812 passed, 3 failed"), None);
        assert_eq!(result("some answers as expected, 3 otherwise"), None);
    }
}
