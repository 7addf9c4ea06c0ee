//! The tables at the end.

use std::{fmt, time::Duration};

use super::{
    counts::Rows,
    step::{Outcome, Step},
};
use crate::report::{Counts, ERROR, GOOD, HEADING, SKIPPED};

/// What the steps came to.
#[derive(Debug, Default)]
pub(super) struct Summary {
    steps: Vec<Line>,
    rows: Rows,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    counts: Counts,
    time: Duration,
    reason: Option<String>,
}

impl Summary {
    pub(super) fn add(&mut self, step: &Step, outcome: Outcome, time: Duration) {
        let counts = outcome.counts();
        for (row, counts) in outcome.rows {
            *self.rows.entry(row).or_default() += counts;
        }
        self.steps.push(Line {
            name: step.name,
            counts,
            time,
            reason: outcome.reason,
        });
    }

    /// Every test, and every step that is one check, counts one.
    pub(super) fn total(&self) -> Counts {
        let mut total = Counts::default();
        for step in &self.steps {
            total += step.counts;
        }
        total
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.rows.is_empty() {
            let names = self.rows.keys().map(|(package, _)| package.len());
            let width = names.max().unwrap_or_default() + 2;
            writeln!(
                f,
                "{HEADING}{:<width$}{:<22}{:>8}{:>8}{:>8}{HEADING:#}",
                "package", "suite", "passed", "failed", "skipped"
            )?;
            for ((package, suite), counts) in &self.rows {
                let Counts {
                    passed,
                    failed,
                    skipped,
                } = counts;
                let style = if *failed > 0 { ERROR } else { GOOD };
                writeln!(
                    f,
                    "{package:<width$}{suite:<22}{passed:>8}{style}{failed:>8}{style:#}{skipped:>8}"
                )?;
            }
            writeln!(f)?;
        }
        writeln!(
            f,
            "{HEADING}{:<22}{:<10}{:>8}{:>8}{:>8}{:>9}{HEADING:#}",
            "step", "result", "passed", "failed", "skipped", "time"
        )?;
        for step in &self.steps {
            let Counts {
                passed,
                failed,
                skipped,
            } = step.counts;
            let (style, result) = match step.counts {
                Counts { failed: 1.., .. } => (ERROR, "FAILED"),
                Counts { passed: 1.., .. } => (GOOD, "passed"),
                Counts { skipped: 1.., .. } => (SKIPPED, "skipped"),
                _ => (SKIPPED, "no tests"),
            };
            let seconds = step.time.as_secs_f64();
            write!(
                f,
                "{:<22}{style}{result:<10}{style:#}{passed:>8}{failed:>8}{skipped:>8}{seconds:>7.1} s",
                step.name
            )?;
            match &step.reason {
                Some(reason) => writeln!(f, "  {reason}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
