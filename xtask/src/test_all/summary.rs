//! The tables at the end.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{
    plan::{Action, Step},
    run::StepOutcome,
};
use crate::report::{Counts, ERROR, GOOD, HEADING, SKIPPED};

/// What the steps came to.
#[derive(Debug, Default)]
pub(super) struct Summary {
    steps: Vec<Line>,
    /// By what was tested, and how.
    rows: BTreeMap<(String, &'static str), Counts>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    counts: Counts,
    time: Duration,
    reason: Option<String>,
}

impl Summary {
    pub(super) fn add(&mut self, step: &Step, outcome: StepOutcome, time: Duration) {
        let suite = match &step.action {
            Action::Tests(suite) => suite.name,
            _ => "doc tests",
        };
        for (row, counts) in outcome.rows {
            *self.rows.entry((row, suite)).or_default() += counts;
        }
        self.steps.push(Line {
            name: step.name,
            counts: outcome.counts,
            time,
            reason: outcome.reason,
        });
    }

    /// Every test, and every step that is one check, counts one.
    pub(super) fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.steps.iter().for_each(|step| total += step.counts);
        total
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = |f: &mut fmt::Formatter<'_>, name, kind| {
            let figures = format!("{:>8}{:>8}{:>8}", "passed", "failed", "skipped");
            write!(f, "{HEADING}{name:<24}{kind:<24}{figures}{HEADING:#}")
        };
        let figures = |counts: &Counts| {
            let style = if counts.failed > 0 { ERROR } else { GOOD };
            let Counts {
                passed,
                failed,
                skipped,
            } = counts;
            format!("{passed:>8}{style}{failed:>8}{style:#}{skipped:>8}")
        };
        if !self.rows.is_empty() {
            heading(f, "package", "suite")?;
            for ((package, suite), counts) in &self.rows {
                write!(f, "\n{package:<24}{suite:<24}{}", figures(counts))?;
            }
            write!(f, "\n\n")?;
        }
        heading(f, "step", "result")?;
        write!(f, "{HEADING}{:>9}{HEADING:#}", "time")?;
        for step in &self.steps {
            let (style, result) = match step.counts {
                Counts { failed: 1.., .. } => (ERROR, "FAILED"),
                Counts { passed: 1.., .. } => (GOOD, "passed"),
                _ => (SKIPPED, "skipped"),
            };
            let (name, seconds) = (step.name, step.time.as_secs_f64());
            write!(f, "\n{name:<24}{style}{result:<24}{style:#}")?;
            write!(f, "{}{seconds:>7.1} s", figures(&step.counts))?;
            if let Some(reason) = &step.reason {
                write!(f, "  {reason}")?;
            }
        }
        writeln!(f)
    }
}
