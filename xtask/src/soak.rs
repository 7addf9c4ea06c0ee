//! `cargo xtask soak`: the program is the package `soak`; here it is started and its counts are read.

use std::{error::Error, process::ExitCode};

use crate::{process, report, report::Counts, stream};

/// Let clients on all cores run against an issuer that rotates its keys and fails at random
///
/// At the end it says how many good tokens were refused and how many bad ones accepted, how many
/// key sets were fetched, and whether memory grew.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long, in seconds
    #[arg(long, default_value_t = Options::DEFAULT_SECONDS, value_name = "N")]
    seconds: u64,
}

impl Options {
    const DEFAULT_SECONDS: u64 = 20;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: Self::DEFAULT_SECONDS,
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    Ok(report::closing_line(counts(options)?))
}

/// How many of the things that have to hold did.
pub(crate) fn counts(options: &Options) -> Result<Counts, Box<dyn Error>> {
    let mut command = process::cargo();
    command.args(["run", "--quiet", "--package=soak", "--"]);
    command.arg("--seconds").arg(options.seconds.to_string());
    let mut counts = Counts::default();
    let status = stream::run(command, |line| {
        counts.passed += usize::from(line.starts_with("ok     "));
        counts.failed += usize::from(line.starts_with("FAILED "));
    })?;
    if counts.passed + counts.failed == 0 || (!status.success() && counts.failed == 0) {
        return Err(format!("the soak broke off ({status}) before it had a result").into());
    }
    Ok(counts)
}
