//! `cargo xtask bench`: what validation costs, and whether the project's targets are met.
//!
//! The measuring is done by programs of their own (`benches/`, `benches/peers/`), which print all
//! samples; here they are brought together: a table, `report.md`, `report.json`, `chart.svg`.

mod chart;
mod http;
mod instructions;
mod json;
mod load;
mod machine;
mod measurements;
mod points;
mod results;
mod table;

use std::{fs, process::ExitCode};

use anstream::println;

use self::results::Results;
use crate::report::{ERROR, FAINT, GOOD, HEADING, SKIPPED};

/// Measure what validation costs, beside what it can't cost less than and beside other crates
///
/// Writes report.md, report.json and chart.svg to target/bench.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchOptions {
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
    Http(http::HttpBenchOptions),
    /// Instructions on the warm and the cold path, under valgrind, held to limits
    Instructions,
}

pub(crate) fn run(options: &BenchOptions) -> anyhow::Result<ExitCode> {
    match &options.only {
        Some(Only::Http(options)) => return http::run(options),
        Some(Only::Instructions) => return instructions::run(),
        None => {}
    }
    let results = Results::gather(options.quick, !options.no_peers)?;
    let points = points::judge(&results);

    println!("\n{HEADING}what costs how much{HEADING:#}\n");
    println!("{}", table::plain(&results));
    println!("{HEADING}the targets{HEADING:#}\n");
    for point in &points {
        let verdict = point.verdict();
        let style = match verdict {
            "met" => GOOD,
            "missed" => ERROR,
            _ => SKIPPED,
        };
        println!("{style}{verdict:<13}{style:#}{point}");
    }

    let folder = results::folder()?;
    let markdown = table::markdown(&results, &points);
    fs::write(folder.join("report.md"), markdown)?;
    fs::write(folder.join("report.json"), json::report(&results, &points))?;
    fs::write(folder.join("chart.svg"), chart::draw(&results))?;
    println!("\n{FAINT}written to {}{FAINT:#}", folder.display());
    Ok(ExitCode::SUCCESS)
}
