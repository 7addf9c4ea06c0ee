//! What the commands print.

use std::{fmt, ops::AddAssign, process::ExitCode};

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
///
/// As text it is the last line of every command that checks things, without colours: scripts look
/// for it, and so does `test-all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Counts {
    /// One check.
    pub(crate) fn of(passed: bool) -> Self {
        Self {
            passed: usize::from(passed),
            failed: usize::from(!passed),
            skipped: 0,
        }
    }

    pub(crate) const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Prints the closing line, and gives the exit code that goes with it.
    pub(crate) fn close(self) -> ExitCode {
        println!("{self}");
        ExitCode::from(u8::from(self.failed > 0))
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
