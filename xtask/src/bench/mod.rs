//! `cargo xtask bench`: what validation costs, and whether the project's targets are met.
//!
//! The measuring is done by programs of their own (`benches/`, `benches/peers/`), which print all
//! samples; here they are brought together: a table, `report.md`, `report.json`, `chart.svg`.

mod chart;
mod error;
mod http;
pub(crate) mod instructions;
mod json;
mod load;
mod machine;
mod measurements;
mod points;
mod programs;
mod table;

use std::{env, fs, path::PathBuf, process::ExitCode};

use anstream::println;

pub(crate) use self::error::BenchError;
use self::{machine::Machine, points::Verdict, programs::Results};
use crate::{
    process::root,
    report::{ERROR, FAINT, GOOD, HEADING, SKIPPED},
};

/// Measure what validation costs, beside what it can't cost less than and beside other crates
///
/// Writes report.md, report.json and chart.svg to target/bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A look of two minutes, after the build: fewer samples, nothing that takes long to set up
    #[arg(long)]
    quick: bool,
    /// Without the comparison with other crates, which takes long to build the first time
    #[arg(long)]
    no_peers: bool,
    #[command(subcommand)]
    only: Option<Only>,
}

#[derive(Debug, clap::Subcommand)]
enum Only {
    /// Requests per second of the example servers, protected against unprotected, over loopback
    Http(http::Options),
    /// Instructions on the warm and the cold path, under valgrind, held to limits
    Instructions(instructions::Options),
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, BenchError> {
    match &options.only {
        Some(Only::Http(http)) => return http::run(http),
        Some(Only::Instructions(instructions)) => return instructions::run(instructions),
        None => {}
    }
    let results = Results::gather(options.quick, !options.no_peers)?;
    let points = points::judge(&results);

    println!(
        "\n{HEADING}what costs how much{HEADING:#}\n\n{}",
        table::plain(&results)
    );
    println!("{HEADING}the targets{HEADING:#}\n");
    for point in &points {
        let style = match point.verdict() {
            Verdict::Met => GOOD,
            Verdict::Missed => ERROR,
            Verdict::NotMeasured => SKIPPED,
        };
        println!("{style}{:<13}{style:#}{point}", point.verdict().name());
    }

    let folder = folder()?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|source| BenchError::Write { path, source })
    };
    write("report.md", table::markdown(&results, &points))?;
    write("report.json", json::report(&results, &points))?;
    write("chart.svg", chart::draw(&results))?;
    println!("\n{FAINT}written to {}{FAINT:#}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Where reports go.
fn folder() -> Result<PathBuf, BenchError> {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = root().join(target).join("bench");
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(source) => Err(BenchError::Write {
            path: folder,
            source,
        }),
    }
}
