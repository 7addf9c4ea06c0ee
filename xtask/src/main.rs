//! The commands of this repository, run as `cargo xtask COMMAND`.
//!
//! - `demo`: see the tutorial happen.
//! - `test-all`: everything that has to pass before a change lands.
//! - `token`: an access token from a running development issuer.
//! - `interop`: the example servers against software that this repository did not write.
//! - `bench`: what validation costs, and whether the targets are met.
//! - `soak`: clients on all cores against an issuer that rotates and fails at random.

mod bench;
mod cli;
mod demo;
mod interop;
mod process;
mod report;
mod soak;
mod stream;
mod test_all;
mod token;

use std::{error::Error, process::ExitCode};

use anstream::eprintln;
use clap::Parser as _;

use crate::{
    cli::{Cli, Command},
    report::ERROR,
};

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(options) => demo::run(&options).map_err(Into::into),
        Command::TestAll(options) => test_all::run(&options),
        Command::Token(options) => token::run(&options).map_err(Into::into),
        Command::Interop(options) => interop_alone(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Bench(options) => bench::run(&options).map_err(Into::into),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            explain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn interop_alone(options: &interop::Options) -> Result<ExitCode, Box<dyn Error>> {
    let summary = interop::run(options)?;
    Ok(report::closing_line(summary.into()))
}

/// An error and what led to it, innermost last.
fn explain(error: &dyn Error) {
    eprintln!("{ERROR}error:{ERROR:#} {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
