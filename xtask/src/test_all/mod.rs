//! `cargo xtask test-all`: everything that has to pass before a change lands.

mod book;
mod package;
mod plan;
mod run;
mod summary;

use std::{process::ExitCode, time::Instant};

use anstream::println;
use clap::builder::PossibleValuesParser;

use self::{
    plan::{PLAN, Step},
    run::StepOutcome,
    summary::Summary,
};
use crate::report::HEADING;

/// Run every check of the repository: format, lints, tests in every feature set, documentation,
/// the black-box suite on all three example servers, and interop where Node.js is installed
#[derive(Debug, clap::Args)]
pub(crate) struct TestAllOptions {
    /// Go on after a step that failed; without this the steps after it are skipped
    #[arg(long)]
    keep_going: bool,
    /// Run these steps alone; may be given several times
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(PLAN.iter().map(|step| step.name)))]
    only: Vec<String>,
}

pub(crate) fn run(options: &TestAllOptions) -> anyhow::Result<ExitCode> {
    let wanted = |step: &&Step| options.only.is_empty() || options.only.contains(&step.name.into());
    let steps: Vec<&Step> = PLAN.iter().filter(wanted).collect();
    let mut summary = Summary::default();
    let mut stopped = false;
    for (number, step) in steps.iter().enumerate() {
        let (number, all) = (number + 1, steps.len());
        let Step { name, about, .. } = step;
        println!("\n{HEADING}[{number}/{all}] {name}{HEADING:#}: {about}");
        let began = Instant::now();
        let outcome = match stopped {
            true => StepOutcome::skipped("a step before it failed"),
            false => run::run(step),
        };
        stopped |= outcome.counts.failed > 0 && !options.keep_going;
        summary.add(step, outcome, began.elapsed());
    }
    println!("\n{summary}");
    Ok(summary.total().close())
}
