//! `cargo xtask test-all`: everything that has to pass before a change lands.

mod counts;
mod packages;
mod plan;
mod step;
mod summary;
mod tools;

use std::{error::Error, process::ExitCode, time::Instant};

use anstream::println;
use clap::builder::PossibleValuesParser;

use self::{
    plan::PLAN,
    step::{Outcome, Step},
    summary::Summary,
    tools::Tools,
};
use crate::report::{self, HEADING};

/// Run every check of the repository: format, lints, tests in every feature set, documentation,
/// the black-box suite on all three example servers, and interop where Node.js is installed
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Go on after a step that failed; without this the steps after it are skipped
    #[arg(long)]
    keep_going: bool,
    /// Run these steps alone; may be given several times
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(PLAN.iter().map(|step| step.name)))]
    only: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let wanted = |step: &&Step| options.only.is_empty() || options.only.contains(&step.name.into());
    let steps: Vec<&Step> = PLAN.iter().filter(wanted).collect();
    let tools = Tools::look();
    let mut summary = Summary::default();
    let mut stopped = false;
    for (number, step) in steps.iter().enumerate() {
        println!(
            "\n{HEADING}[{}/{}] {}{HEADING:#}: {}",
            number + 1,
            steps.len(),
            step.name,
            step.about
        );
        let began = Instant::now();
        let outcome = match stopped {
            true => Outcome::skipped("a step before it failed"),
            false => step.run(&tools),
        };
        stopped |= outcome.failed() && !options.keep_going;
        summary.add(step, outcome, began.elapsed());
    }
    println!("\n{summary}");
    Ok(report::closing_line(summary.total()))
}
