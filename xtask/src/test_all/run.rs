//! Running a step, and what its own closing lines say.

use std::{
    collections::BTreeMap,
    fmt::Display,
    process::{Command, Stdio},
};

use blackbox::servers::{self, Framework};

use super::{
    package,
    plan::{Action, Step, Suite},
};
use crate::{
    process::{cargo, stream},
    report::Counts,
};

/// How a step ended.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    /// The same by what was tested, where that is known.
    pub(super) rows: BTreeMap<String, Counts>,
    /// Why it was skipped, or what went wrong besides tests.
    pub(super) reason: Option<String>,
}

impl Outcome {
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

    fn count(&mut self, row: &str, counts: Counts) {
        self.counts += counts;
        if !row.is_empty() {
            *self.rows.entry(row.to_owned()).or_default() += counts;
        }
    }

    /// Runs a test runner: its closing lines are counted, and its exit code has the last word.
    fn run(&mut self, row: &str, command: Command) {
        let mut row = row.to_owned();
        let mut ran = Counts::default();
        let mut skipped = None;
        let status = stream(command, |line| {
            let line = line.trim();
            if let Some(library) = line.strip_prefix("Doc-tests ") {
                row = library.replace('_', "-");
            } else if let Some(reason) = line.strip_prefix("skipped: ") {
                skipped = Some(reason.to_owned());
            } else if let Some(counts) = closing(line) {
                ran += counts;
                self.count(&row, counts);
            }
        });
        match status {
            Err(error) => self.wrong(error),
            Ok(status) if !status.success() && ran.failed == 0 => match skipped {
                Some(_) if ran.passed == 0 => self.reason = skipped,
                _ => self.wrong(format!("the runner ended with {status}")),
            },
            Ok(_) if ran.passed + ran.failed > 0 => {}
            Ok(_) if skipped.is_some() => self.reason = skipped,
            Ok(_) => self.wrong("no test ran"),
        }
    }
}

pub(super) fn run(step: &Step) -> Outcome {
    let mut outcome = Outcome::default();
    match &step.action {
        Action::Installed([subcommand, ..], install) if !installed(subcommand) => {
            return Outcome::skipped(format!("cargo-{subcommand} is not installed: {install}"));
        }
        Action::Check(words) | Action::Installed(words, _) => {
            match stream(cargo(words.iter().copied()), |_| ()) {
                Ok(status) => outcome.counts += Counts::of(status.success()),
                Err(error) => outcome.wrong(error),
            }
        }
        Action::Tests(suite) => suite_of_tests(suite, &mut outcome),
        Action::DocTests => {
            outcome.run(
                "",
                cargo(["test", "--doc", "--workspace", "--no-fail-fast"]),
            );
        }
        Action::Package => match package::check() {
            Ok(problems) => {
                outcome.counts += Counts::of(problems.is_empty());
                outcome.reason = (!problems.is_empty()).then(|| problems.join("; "));
            }
            Err(error) => outcome.wrong(error),
        },
        Action::Xtask(words) => {
            let xtask = ["run", "--quiet", "--package=xtask", "--"];
            outcome.run("", cargo(xtask.iter().chain(*words).copied()));
        }
    }
    outcome
}

fn installed(subcommand: &str) -> bool {
    let mut command = cargo([subcommand, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn suite_of_tests(suite: &Suite, outcome: &mut Outcome) {
    let mut binaries = None;
    if suite.rows.iter().any(|row| server(row).is_some()) {
        // Once, instead of by every test for itself.
        match servers::build(&Framework::ALL) {
            Ok(built) => {
                binaries = built
                    .first()
                    .and_then(|file| Some(file.parent()?.to_owned()))
            }
            Err(error) => return outcome.wrong(error),
        }
    }
    let nextest = installed("nextest");
    let rows: Vec<_> = (suite.rows.iter().copied().map(Some))
        .chain(suite.others.map(|_| None))
        .collect();
    for row in rows.iter().copied() {
        let mut command = match nextest {
            true => with_nextest(suite, row),
            false => with_cargo(suite, row),
        };
        if let Some(folder) = &binaries {
            command.env(servers::BINARIES, folder);
        }
        outcome.run(row.or(suite.others).unwrap_or_default(), command);
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

/// The counts of a closing line: that of nextest, of cargo's own runner or of a program of ours.
fn closing(line: &str) -> Option<Counts> {
    let nextest = line.starts_with("Summary [");
    let ours = || line.starts_with(|c: char| c.is_ascii_digit()) && line.ends_with(" skipped");
    if !nextest && !line.starts_with("test result: ") && !ours() {
        return None;
    }
    let words: Vec<&str> = line
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let number = |unit: &str| {
        let place = words.iter().position(|word| *word == unit)?;
        words.get(place.checked_sub(1)?)?.parse().ok()
    };
    let passed: usize = number("passed")?;
    Some(Counts {
        passed,
        // Tests that time out or do not start are named otherwise, and did not pass either.
        failed: match nextest {
            true => number("tests").or_else(|| number("test"))? - passed,
            false => number("failed")?,
        },
        skipped: number("ignored").or_else(|| number("skipped")).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines() {
        let counts = |line| closing(line).map(|it| (it.passed, it.failed, it.skipped));
        for (line, expected) in [
            (
                "Summary [   0.013s] 1 test run: 1 passed, 9 skipped",
                (1, 0, 9),
            ),
            (
                "Summary [   0.013s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 1 skipped",
                (3, 2, 1),
            ),
            (
                "Summary [   0.013s] 3/5 tests run: 3 passed, 0 skipped",
                (3, 2, 0),
            ),
            (
                "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out",
                (2, 1, 4),
            ),
            ("812 passed, 3 failed, 0 skipped", (812, 3, 0)),
        ] {
            assert_eq!(counts(line), Some(expected), "{line}");
        }
        assert_eq!(counts("3 passed, and more"), None);
        assert_eq!(counts("PASS [   0.004s] (1/5) authz-core::wire one"), None);
    }

    /// What a step makes of a runner that prints this and ends with this code.
    fn outcome(printed: &str, code: u8) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("printf '{printed}'; exit {code}")]);
        let mut outcome = Outcome::default();
        outcome.run("row", command);
        outcome
    }

    #[test]
    fn the_exit_code_has_the_last_word() {
        let failed = |printed, code| outcome(printed, code).counts.failed;
        assert_eq!(failed("2 passed, 0 failed, 0 skipped", 0), 0);
        assert_eq!(failed("2 passed, 1 failed, 0 skipped", 1), 1);
        assert_eq!(failed("2 passed, 0 failed, 0 skipped", 1), 1);
        assert_eq!(failed("error: it does not compile", 101), 1);
    }

    #[test]
    fn a_run_without_a_test_fails() {
        assert_eq!(outcome("", 0).counts.failed, 1);
        let nothing = "test result: ok. 0 passed; 0 failed; 3 ignored; 0 measured";
        assert_eq!(outcome(nothing, 0).counts.failed, 1);
    }

    #[test]
    fn what_is_missing_is_a_reason_to_skip() {
        let missing = "skipped: Node.js is not installed\\n0 passed, 0 failed, 1 skipped";
        let outcome = outcome(missing, 1);
        assert_eq!(outcome.counts, Counts::SKIPPED);
        assert_eq!(outcome.reason.as_deref(), Some("Node.js is not installed"));
    }
}
