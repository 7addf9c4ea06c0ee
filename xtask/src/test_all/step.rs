//! One step and how it ends.

use std::{fmt::Display, process::Command};

use blackbox::servers::{self, Framework};

use super::{
    counts::{Reader, Rows},
    packages,
    tools::Tools,
};
use crate::{bench::instructions, interop, process, report::Counts, soak, stream};

/// A step of the plan.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) action: Action,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Action {
    /// A cargo command that passes or fails as a whole.
    Check(&'static [&'static str]),
    /// The tests of some packages in one feature set.
    Tests {
        suite: &'static str,
        select: &'static [&'static str],
    },
    DocTests,
    Docs,
    Deny,
    BlackBox,
    Instructions,
    Interop,
    Soak,
}

/// How a step ended.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Tests, by package; a step without tests of its own has none.
    pub(super) rows: Rows,
    /// The step itself, where it is not just the sum of its tests.
    pub(super) itself: Counts,
    /// Why it was skipped, or what went wrong besides tests.
    pub(super) reason: Option<String>,
}

impl Outcome {
    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self {
            itself: Counts::SKIPPED,
            reason: Some(reason.into()),
            ..Self::default()
        }
    }

    fn wrong(reason: impl Display) -> Self {
        Self {
            itself: Counts::FAILED,
            reason: Some(reason.to_string()),
            ..Self::default()
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = self.itself;
        for row in self.rows.values() {
            counts += *row;
        }
        counts
    }

    pub(super) fn failed(&self) -> bool {
        self.counts().failed > 0
    }
}

impl Step {
    pub(super) fn run(&self, tools: &Tools) -> Outcome {
        match self.action {
            Action::Check(arguments) => check(cargo(arguments)),
            Action::Tests { suite, select } => tests(tools, suite, select, None),
            Action::DocTests => {
                let reader = Reader::libtest("doc tests", packages::Binaries::default());
                count(
                    cargo(&["test", "--doc", "--workspace", "--no-fail-fast"]),
                    reader,
                )
            }
            Action::Docs => {
                let mut command = cargo(&["doc", "--no-deps", "--workspace"]);
                command.env("RUSTDOCFLAGS", "-D warnings");
                check(command)
            }
            Action::Deny if !tools.deny => {
                Outcome::skipped("cargo-deny is not installed: cargo install --locked cargo-deny")
            }
            Action::Deny => check(cargo(&["deny", "check"])),
            Action::BlackBox => black_box(tools),
            Action::Instructions => match instructions::count() {
                Ok(counts) => Outcome {
                    itself: counts,
                    ..Outcome::default()
                },
                Err(error) => Outcome::wrong(error),
            },
            Action::Interop => match interop::run(&interop::Options::default()) {
                Ok(summary) => Outcome {
                    itself: summary.into(),
                    ..Outcome::default()
                },
                Err(error) if error.is_missing_tool() => Outcome::skipped(error.to_string()),
                Err(error) => Outcome::wrong(error),
            },
            Action::Soak => match soak::counts(&soak::Options::default()) {
                Ok(counts) => Outcome {
                    itself: counts,
                    ..Outcome::default()
                },
                Err(error) => Outcome::wrong(error),
            },
        }
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = process::cargo();
    command.args(arguments);
    command
}

fn check(command: Command) -> Outcome {
    match stream::run(command, |_| ()) {
        Ok(status) if status.success() => Outcome {
            itself: Counts::PASSED,
            ..Outcome::default()
        },
        Ok(_) => Outcome {
            itself: Counts::FAILED,
            ..Outcome::default()
        },
        Err(error) => Outcome::wrong(error),
    }
}

/// Runs tests with nextest where it is installed, with cargo's own runner elsewhere.
fn tests(
    tools: &Tools,
    suite: &'static str,
    select: &[&str],
    binaries: Option<&std::path::Path>,
) -> Outcome {
    let (mut command, reader) = if tools.nextest {
        let mut command = cargo(&["nextest", "run", "--no-fail-fast", "--no-tests=pass"]);
        command.args(["--status-level=all", "--final-status-level=fail"]);
        command.args(["--show-progress=none"]);
        (command, Reader::nextest(suite))
    } else {
        // Built first, to learn which test binary belongs to which package.
        match packages::Binaries::build(select) {
            Ok(binaries) => {
                let command = cargo(&["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
                (command, Reader::libtest(suite, binaries))
            }
            Err(error) => return Outcome::wrong(error),
        }
    };
    command.args(select);
    if let Some(folder) = binaries {
        command.env(servers::BINARIES, folder);
    }
    count(command, reader)
}

fn count(command: Command, mut reader: Reader) -> Outcome {
    let status = match stream::run(command, |line| reader.read(line)) {
        Ok(status) => status,
        Err(error) => return Outcome::wrong(error),
    };
    let mut outcome = Outcome::default();
    match reader.finish() {
        Ok(rows) => outcome.rows = rows,
        Err(error) => return Outcome::wrong(error),
    }
    if !status.success() && !outcome.failed() {
        // The runner failed and no test did: it did not compile, most often.
        return Outcome {
            rows: outcome.rows,
            ..Outcome::wrong(format!("the test runner ended with {status}"))
        };
    }
    outcome
}

fn black_box(tools: &Tools) -> Outcome {
    // Once, instead of by every test for itself.
    let binaries = match servers::build(&Framework::ALL) {
        Ok(binaries) => binaries,
        Err(error) => return Outcome::wrong(error),
    };
    let folder = binaries.first().and_then(|binary| binary.parent());
    tests(tools, "black box", &["--package=blackbox"], folder)
}
