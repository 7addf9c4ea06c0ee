//! Running a step, and what its own closing lines say.

use std::{
    collections::BTreeMap,
    fmt::Display,
    path::Path,
    process::{Command, Stdio},
};

use blackbox::servers::{self, Framework};

use super::{
    book, package,
    plan::{Action, CARGO_DENY, Step, Suite},
};
use crate::{
    process::{cargo, find_program, stream},
    report::Counts,
};

/// How a step ended.
#[derive(Debug, Default)]
pub(super) struct StepOutcome {
    pub(super) counts: Counts,
    /// The same by what was tested, where that is known.
    pub(super) rows: BTreeMap<String, Counts>,
    /// Why it was skipped, or what went wrong besides tests.
    pub(super) reason: Option<String>,
}

impl StepOutcome {
    pub(super) fn skipped(reason: impl Display) -> Self {
        Self {
            counts: Counts::SKIPPED,
            reason: Some(reason.to_string()),
            ..Self::default()
        }
    }

    /// Something went wrong that is not counted as a test.
    fn wrong(&mut self, reason: impl Display) {
        self.counts += Counts::of(false);
        self.reason.get_or_insert(reason.to_string());
    }

    /// A check that lists what is wrong.
    fn found(&mut self, problems: anyhow::Result<Vec<String>>) {
        match problems {
            Ok(problems) => {
                self.counts += Counts::of(problems.is_empty());
                self.reason = (!problems.is_empty()).then(|| problems.join("; "));
            }
            Err(error) => self.wrong(error),
        }
    }

    fn count(&mut self, row: &str, counts: Counts) {
        self.counts += counts;
        if !row.is_empty() {
            *self.rows.entry(row.to_owned()).or_default() += counts;
        }
    }

    /// Runs something that tests: its closing lines are counted, and its exit code has the last word.
    fn run(&mut self, row: &str, runner: Runner, command: Command) {
        let mut row = row.to_owned();
        let mut ran = Counts::default();
        let mut missing = None;
        let status = stream(command, |line| {
            let line = line.trim();
            if let (Runner::Cargo, Some(library)) = (runner, line.strip_prefix("Doc-tests ")) {
                row = library.replace('_', "-");
            }
            if let (Runner::Ours, Some(reason)) = (runner, line.strip_prefix("skipped: ")) {
                missing = Some(reason.to_owned());
            }
            if let Some(counts) = runner.closing(line) {
                ran += counts;
                self.count(&row, counts);
            }
        });
        match status {
            Err(error) => self.wrong(error),
            Ok(_) if ran == Counts::SKIPPED && missing.is_some() => self.reason = missing,
            Ok(status) if !status.success() && ran.failed == 0 => {
                self.wrong(format!("the runner ended with {status}"));
            }
            Ok(_) if ran.passed + ran.failed == 0 => self.wrong("no test ran"),
            Ok(_) => {}
        }
    }
}

pub(super) fn run(step: &Step) -> StepOutcome {
    let mut outcome = StepOutcome::default();
    match &step.action {
        Action::Installed([subcommand, ..], install) if !installed(subcommand) => {
            return StepOutcome::skipped(format!("cargo-{subcommand} is not installed: {install}"));
        }
        Action::Check(words) | Action::Installed(words, _) => {
            match stream(cargo(words.iter().copied()), |_| ()) {
                Ok(status) => outcome.counts += Counts::of(status.success()),
                Err(error) => outcome.wrong(error),
            }
        }
        Action::Advisories if !installed("deny") => {
            return StepOutcome::skipped(format!("cargo-deny is not installed: {CARGO_DENY}"));
        }
        Action::Advisories => match stream(cargo(["deny", "fetch", "db"]), |_| ()) {
            // No network says nothing about the dependencies.
            Ok(status) if !status.success() => {
                let reason = "the advisory database can't be fetched: cargo deny fetch db";
                return StepOutcome::skipped(reason.to_owned());
            }
            Ok(_) => {
                let check = cargo(["deny", "--offline", "check", "advisories"]);
                match stream(check, |_| ()) {
                    Ok(status) => outcome.counts += Counts::of(status.success()),
                    Err(error) => outcome.wrong(error),
                }
            }
            Err(error) => outcome.wrong(error),
        },
        Action::Tests(suite) => suite_of_tests(suite, &mut outcome),
        Action::DocTests => {
            let command = cargo(["test", "--doc", "--workspace", "--no-fail-fast"]);
            outcome.run("", Runner::Cargo, command);
        }
        Action::Package => outcome.found(package::check()),
        Action::Book => match find_program("mdbook") {
            Some(mdbook) => outcome.found(book::check(&mdbook)),
            None => {
                let install = "cargo install --locked mdbook";
                return StepOutcome::skipped(format!("mdbook is not installed: {install}"));
            }
        },
        Action::Xtask(words) => {
            let xtask = ["run", "--quiet", "--package=xtask", "--"];
            let command = cargo(xtask.iter().chain(*words).copied());
            outcome.run("", Runner::Ours, command);
        }
    }
    outcome
}

fn installed(subcommand: &str) -> bool {
    let mut command = cargo([subcommand, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn suite_of_tests(suite: &Suite, outcome: &mut StepOutcome) {
    let mut binaries = None;
    if suite.rows.iter().any(|row| server(row).is_some()) {
        // Once, instead of by every test for itself.
        match servers::build(&Framework::ALL) {
            Ok(built) => binaries = built[0].parent().map(Path::to_owned),
            Err(error) => return outcome.wrong(error),
        }
    }
    let nextest = installed("nextest");
    let rows: Vec<_> = (suite.rows.iter().copied().map(Some))
        .chain(suite.others.map(|_| None))
        .collect();
    for row in rows.iter().copied() {
        let (runner, mut command) = match nextest {
            true => (Runner::Nextest, with_nextest(suite, row)),
            false => (Runner::Cargo, with_cargo(suite, row)),
        };
        if let Some(folder) = &binaries {
            command.env(servers::BINARIES, folder);
        }
        outcome.run(row.or(suite.others).unwrap_or_default(), runner, command);
    }
    if nextest {
        // Each run skips the tests of the other rows as well: all of its figures together are every
        // test of the suite.
        let Counts {
            passed,
            failed,
            skipped,
        } = outcome.counts;
        let all = (passed + failed + skipped) / rows.len();
        outcome.counts.skipped = all.saturating_sub(passed + failed);
        outcome.rows.values_mut().for_each(|row| row.skipped = 0);
    }
}

/// The framework of an example server.
fn server(row: &str) -> Option<&str> {
    row.strip_prefix("quickstart-")
}

/// All rows have the same selection of packages, for features to be the same: nothing is built twice.
fn with_nextest(suite: &Suite, row: Option<&str>) -> Command {
    let filter = |row: &&str| match server(row) {
        Some(framework) => format!("test(/^{framework}::/)"),
        None => format!("package({row})"),
    };
    let expression = match row {
        Some(row) => filter(&row),
        None if suite.rows.is_empty() => "all()".to_owned(),
        None => {
            let rows: Vec<_> = suite.rows.iter().map(filter).collect();
            format!("not ({})", rows.join(" | "))
        }
    };
    let mut command = cargo(["nextest", "run", "--no-fail-fast", "--show-progress=none"]);
    command.args(["--status-level=pass", "--final-status-level=fail"]);
    command.args(suite.select).args(suite.features);
    command.args(["--filterset", &expression]);
    command
}

fn with_cargo(suite: &Suite, row: Option<&str>) -> Command {
    let mut command = cargo(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    command.args(suite.features);
    let (servers, packages): (Vec<&str>, Vec<&str>) =
        suite.rows.iter().partition(|row| server(row).is_some());
    match row {
        Some(row) if server(row).is_none() => {
            command.args(["--package", row]);
        }
        Some(row) => {
            let tests = format!("{}::", server(row).unwrap_or_default());
            command.args(suite.select).args(["--", &tests]);
        }
        None => {
            command.args(suite.select);
            command.args(packages.iter().flat_map(|row| ["--exclude", row]));
            command.arg("--");
            let servers = servers.iter().filter_map(|row| server(row));
            servers.for_each(|server| _ = command.args(["--skip", &format!("{server}::")]));
        }
    }
    command
}

/// Who prints the closing line. Each one's alone is read: nextest shows what a failed test printed, and
/// that ends with a closing line of cargo's runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    Nextest,
    Cargo,
    /// A program of this repository.
    Ours,
}

impl Runner {
    /// The counts, when this is a closing line.
    fn closing(self, line: &str) -> Option<Counts> {
        let is_closing = match self {
            Self::Nextest => line.starts_with("Summary ["),
            Self::Cargo => line.starts_with("test result: "),
            Self::Ours => line.ends_with(" skipped"),
        };
        let words: Vec<&str> = line
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| is_closing && !word.is_empty())
            .collect();
        let number = |unit: &str| -> Option<usize> {
            let place = words.iter().position(|word| *word == unit)?;
            words.get(place.checked_sub(1)?)?.parse().ok()
        };
        let passed = number("passed")?;
        Some(Counts {
            passed,
            // Tests that time out or do not start are named otherwise, and did not pass either.
            failed: match self {
                Self::Nextest => {
                    let all = number("tests").or_else(|| number("test"))?;
                    all.saturating_sub(passed)
                }
                Self::Cargo | Self::Ours => number("failed")?,
            },
            skipped: number("ignored").or_else(|| number("skipped")).unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines() {
        let counts = |runner: Runner, line: &str| {
            let counts = runner.closing(line)?;
            Some((counts.passed, counts.failed, counts.skipped))
        };
        for (line, expected) in [
            ("1 test run: 1 passed, 9 skipped", (1, 0, 9)),
            (
                "5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 1 skipped",
                (3, 2, 1),
            ),
            ("3/5 tests run: 3 passed, 0 skipped", (3, 2, 0)),
        ] {
            let line = format!("Summary [   0.013s] {line}");
            assert_eq!(counts(Runner::Nextest, &line), Some(expected), "{line}");
        }
        let cargo =
            "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(Runner::Cargo, cargo), Some((2, 1, 4)));
        assert_eq!(counts(Runner::Nextest, cargo), None);
        let ours = "812 passed, 3 failed, 0 skipped";
        assert_eq!(counts(Runner::Ours, ours), Some((812, 3, 0)));
        assert_eq!(counts(Runner::Ours, "3 passed, and more"), None);
    }

    /// What becomes of a program that prints this and ends with this code.
    fn outcome(runner: Runner, printed: &str, code: u8) -> StepOutcome {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("printf '{printed}'; exit {code}")]);
        let mut outcome = StepOutcome::default();
        outcome.run("row", runner, command);
        outcome
    }

    #[test]
    fn the_exit_code_has_the_last_word() {
        let failed = |printed, code| outcome(Runner::Ours, printed, code).counts.failed;
        assert_eq!(failed("2 passed, 0 failed, 0 skipped", 0), 0);
        assert_eq!(failed("2 passed, 1 failed, 0 skipped", 1), 1);
        assert_eq!(failed("2 passed, 0 failed, 0 skipped", 1), 1);
        assert_eq!(failed("error: it does not compile", 101), 1);
    }

    #[test]
    fn a_run_without_a_test_fails() {
        assert_eq!(outcome(Runner::Nextest, "", 0).counts.failed, 1);
        let nothing = "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured";
        assert_eq!(outcome(Runner::Cargo, nothing, 0).counts.failed, 1);
    }

    #[test]
    fn what_is_missing_is_a_reason_to_skip() {
        let missing = "skipped: Node.js is not installed\\n0 passed, 0 failed, 1 skipped";
        let outcome = outcome(Runner::Ours, missing, 1);
        assert_eq!(outcome.counts, Counts::SKIPPED);
        assert_eq!(outcome.reason.as_deref(), Some("Node.js is not installed"));
    }
}
