//! What the commands print when they end.

use std::{ops::AddAssign, process::ExitCode};

use anstream::println;
use anstyle::{AnsiColor, Style};

/// A heading.
pub(crate) const HEADING: Style = AnsiColor::Cyan.on_default().bold();
/// Something as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Something that is not.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Something left out.
pub(crate) const SKIPPED: Style = AnsiColor::Yellow.on_default();
/// An aside.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Counts {
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    pub(crate) const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The last line of a command that checks things, and the exit code that goes with it.
pub(crate) fn closing_line(counts: Counts) -> ExitCode {
    let Counts {
        passed,
        failed,
        skipped,
    } = counts;
    // Without colours: scripts look for this line.
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
