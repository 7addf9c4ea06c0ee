//! Reads a test runner's output and counts, by package.
//!
//! Each test's own line is counted, and the sum is held against the runner's closing line: a line
//! that was not understood must not make a failure disappear.

use std::collections::BTreeMap;

use blackbox::servers::Framework;

use super::packages::Binaries;
use crate::report::Counts;

/// Counts by what was tested and how: `("authz-axum", "doc tests")`.
pub(super) type Rows = BTreeMap<(String, &'static str), Counts>;

/// Reads the output of one run, line by line.
#[derive(Debug)]
pub(super) struct Reader {
    runner: Runner,
    suite: &'static str,
    rows: Rows,
    /// What the runner itself says it ran: passed and failed.
    announced: Option<(usize, usize)>,
}

#[derive(Debug)]
enum Runner {
    Nextest,
    Libtest {
        binaries: Binaries,
        package: Option<String>,
    },
}

impl Reader {
    pub(super) fn nextest(suite: &'static str) -> Self {
        Self::new(Runner::Nextest, suite)
    }

    /// Cargo's own runner, which prints the paths of these binaries.
    pub(super) fn libtest(suite: &'static str, binaries: Binaries) -> Self {
        let package = None;
        Self::new(Runner::Libtest { binaries, package }, suite)
    }

    fn new(runner: Runner, suite: &'static str) -> Self {
        Self {
            runner,
            suite,
            rows: Rows::new(),
            announced: None,
        }
    }

    pub(super) fn read(&mut self, line: &str) {
        let line = line.trim();
        match &mut self.runner {
            // After its summary, nextest lists the failures once more.
            Runner::Nextest if self.announced.is_some() => {}
            Runner::Nextest => {
                if let Some(test) = nextest_test(line) {
                    self.count(&test.subject, test.counts);
                } else if line.starts_with("Summary [") {
                    self.announced = Some((number(line, " passed"), number(line, " failed")));
                }
            }
            Runner::Libtest { binaries, package } => {
                if let Some(path) = running(line) {
                    *package = Some(binaries.package(path).unwrap_or(path).to_owned());
                } else if let Some(name) = line.strip_prefix("Doc-tests ") {
                    *package = Some(name.replace('_', "-"));
                } else if let Some((name, counts)) = libtest_test(line) {
                    let subject = subject(package.as_deref().unwrap_or("unknown"), name);
                    self.count(&subject, counts);
                } else if line.starts_with("test result: ") {
                    let (passed, failed) = self.announced.unwrap_or_default();
                    self.announced = Some((
                        passed + number(line, " passed"),
                        failed + number(line, " failed"),
                    ));
                }
            }
        }
    }

    /// The counts, unless they are not what the runner itself said.
    pub(super) fn finish(self) -> Result<Rows, Miscounted> {
        let mut total = Counts::default();
        for counts in self.rows.values() {
            total += *counts;
        }
        let counted = (total.passed, total.failed);
        match self.announced {
            Some(announced) if announced != counted => Err(Miscounted { announced, counted }),
            _ => Ok(self.rows),
        }
    }

    fn count(&mut self, subject: &str, counts: Counts) {
        let row = (subject.to_owned(), self.suite);
        *self.rows.entry(row).or_default() += counts;
    }
}

/// The runner's own sum is another one.
#[derive(Debug, thiserror::Error)]
#[error(
    "the runner says {} passed and {} failed, its lines say {} and {}: its output has a form that \
     xtask does not know",
    .announced.0, .announced.1, .counted.0, .counted.1
)]
pub(super) struct Miscounted {
    announced: (usize, usize),
    counted: (usize, usize),
}

#[derive(Debug)]
struct Test {
    subject: String,
    counts: Counts,
}

/// `PASS [   0.004s] (1/6) authz-core::wire name::of::test`
fn nextest_test(line: &str) -> Option<Test> {
    let (status, rest) = line.split_once('[')?;
    let counts = match status.trim() {
        "PASS" | "LEAK" => Counts::PASSED,
        "SKIP" => Counts::SKIPPED,
        "FAIL" | "ABORT" | "TIMEOUT" | "LEAK-FAIL" | "XFAIL" => Counts::FAILED,
        signal if signal.starts_with("SIG") => Counts::FAILED,
        _ => return None,
    };
    let (_, rest) = rest.split_once(']')?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('(') {
        Some(counter) => counter.split_once(')')?.1,
        None => rest,
    };
    let (binary, test) = rest.trim_start().split_once(' ')?;
    let package = binary.split("::").next()?;
    Some(Test {
        subject: subject(package, test),
        counts,
    })
}

/// `test name::of::test ... ok`
fn libtest_test(line: &str) -> Option<(&str, Counts)> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let counts = match result {
        "ok" => Counts::PASSED,
        "FAILED" => Counts::FAILED,
        ignored if ignored.starts_with("ignored") => Counts::SKIPPED,
        _ => return None,
    };
    Some((name, counts))
}

/// `Running tests/wire.rs (target/debug/deps/wire-0123456789abcdef)`
fn running(line: &str) -> Option<&str> {
    let (_, path) = line.strip_prefix("Running ")?.rsplit_once('(')?;
    path.strip_suffix(')')
}

/// The package tested, or the example server where a black-box test's name begins with one.
fn subject(package: &str, test: &str) -> String {
    let first = test.split("::").next().unwrap_or_default();
    match (package, first.parse::<Framework>()) {
        ("blackbox", Ok(framework)) => framework.package().to_owned(),
        _ => package.to_owned(),
    }
}

/// The number before `unit`: 12 in `.. 12 passed ..`.
fn number(line: &str, unit: &str) -> usize {
    let before = line.split_once(unit).map_or("", |(before, _)| before);
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Binaries, Counts, Reader, Rows};

    fn read(mut reader: Reader, output: &str) -> Option<Rows> {
        output.lines().for_each(|line| reader.read(line));
        reader.finish().ok()
    }

    fn counts(rows: &Rows, subject: &str) -> Counts {
        rows[&(subject.to_owned(), "suite")]
    }

    const NEXTEST: &str = "
    Starting 5 tests across 2 binaries (1 test skipped)
        SKIP [         ] (─────) authz-core::wire skipped
        PASS [   0.004s] (1/5) authz-core::wire one
        FAIL [   0.004s] (2/5) authz-core two::three
        SLOW [> 60.000s] (─────) authz-core four
     SIGABRT [   0.004s] (3/5) authz-core four
        PASS [   0.004s] (4/5) blackbox::contract axum::refusals
        PASS [   0.004s] (5/5) blackbox http::tests::urls
     Summary [   0.013s] 5 tests run: 3 passed, 2 failed, 1 skipped
        FAIL [   0.004s] (2/5) authz-core two::three";

    #[test]
    fn nextest() {
        let rows = read(Reader::nextest("suite"), NEXTEST).unwrap();
        let core = counts(&rows, "authz-core");
        assert_eq!((core.passed, core.failed, core.skipped), (1, 2, 1));
        assert_eq!(counts(&rows, "quickstart-axum"), Counts::PASSED);
        assert_eq!(counts(&rows, "blackbox"), Counts::PASSED);
    }

    #[test]
    fn cargo_test() {
        let output = "
     Running tests/wire.rs (target/debug/deps/wire-01)
running 3 tests
test one ... ok
test two - should panic ... ok
test three ... FAILED
test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests authz_core
test crates/authz-core/src/lib.rs - (line 3) ... ok
test crates/authz-core/src/lib.rs - (line 9) ... ignored
test crates/authz-core/src/lib.rs - (line 12) - compile ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let rows = read(Reader::libtest("suite", Binaries::default()), output).unwrap();
        let wire = counts(&rows, "target/debug/deps/wire-01");
        assert_eq!((wire.passed, wire.failed), (2, 1));
        let core = counts(&rows, "authz-core");
        assert_eq!((core.passed, core.failed, core.skipped), (2, 0, 1));
    }

    #[test]
    fn a_line_not_understood_is_noticed() {
        let output = NEXTEST.replace("FAIL [", "OOPS [");
        assert_eq!(read(Reader::nextest("suite"), &output), None);
    }
}
