//! The example servers against software that this repository did not write.

use crate::report::Counts;

/// Run the example servers against software that this repository did not write: needs Node.js
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {}

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
    #[error("Node.js is not installed: https://nodejs.org/ or your system's package `nodejs`")]
    NoNode,
    #[error("there are no comparisons yet")]
    NoComparisons,
}

pub(crate) fn run(_: &Options) -> Result<Summary, InteropError> {
    match crate::process::find_program("node") {
        Some(_) => Err(InteropError::NoComparisons),
        None => Err(InteropError::NoNode),
    }
}
