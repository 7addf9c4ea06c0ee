//! How the answers compared, per part and server.

use std::fmt;

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As expected, and as the others answered where there were others.
    Same,
    /// Otherwise than the others, as the documentation says.
    Difference,
    /// Neither.
    Unexpected,
}

impl Verdict {
    /// The verdict on an answer that must be as expected.
    pub(crate) const fn of(is_expected: bool) -> Self {
        match is_expected {
            true => Self::Same,
            false => Self::Unexpected,
        }
    }
}

/// All verdicts until now.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    lines: Vec<Line>,
    skipped: Vec<String>,
}

#[derive(Debug)]
struct Line {
    part: &'static str,
    server: String,
    same: usize,
    differences: usize,
    unexpected: usize,
}

impl Tally {
    /// Counts a verdict under this part and server, and gives it back.
    pub(crate) fn count(&mut self, part: &'static str, server: &str, verdict: Verdict) {
        let line = self.line(part, server);
        match verdict {
            Verdict::Same => line.same += 1,
            Verdict::Difference => line.differences += 1,
            Verdict::Unexpected => line.unexpected += 1,
        }
    }

    /// Notes what could not be run, and why.
    pub(crate) fn skip(&mut self, part: &str, reason: impl fmt::Display) {
        let line = format!("skipped: {part}: {reason}");
        println!("{line}");
        self.skipped.push(line);
    }

    /// How much could not be run.
    pub(crate) fn skipped(&self) -> usize {
        self.skipped.len()
    }

    /// How many requests were answered as expected, documented differences included.
    pub(crate) fn expected(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.same + line.differences)
            .sum()
    }

    /// How many were not.
    pub(crate) fn unexpected(&self) -> usize {
        self.lines.iter().map(|line| line.unexpected).sum()
    }

    fn line(&mut self, part: &'static str, server: &str) -> &mut Line {
        let known = |line: &Line| line.part == part && line.server == server;
        let index = self.lines.iter().position(known).unwrap_or_else(|| {
            self.lines.push(Line {
                part,
                server: server.to_owned(),
                same: 0,
                differences: 0,
                unexpected: 0,
            });
            self.lines.len() - 1
        });
        &mut self.lines[index]
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Line) -> &str, title: &str| {
            let widest = self.lines.iter().map(|line| of(line).len()).max();
            widest.unwrap_or_default().max(title.len())
        };
        let part = width(|line| line.part, "part");
        let server = width(|line| &line.server, "server");
        writeln!(
            f,
            "{:part$}  {:server$}  requests  same  documented difference  unexpected",
            "part", "server"
        )?;
        for line in &self.lines {
            let Line {
                same,
                differences,
                unexpected,
                ..
            } = line;
            let requests = same + differences + unexpected;
            writeln!(
                f,
                "{:part$}  {:server$}  {requests:>8}  {same:>4}  {differences:>21}  {unexpected:>10}",
                line.part, line.server,
            )?;
        }
        for line in &self.skipped {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, Verdict};

    #[test]
    fn counts_by_part_and_server() {
        let mut tally = Tally::default();
        tally.count("tutorial", "axum", Verdict::Same);
        tally.count("tutorial", "axum", Verdict::Difference);
        tally.count("tutorial", "warp", Verdict::Unexpected);
        tally.count("clients", "axum", Verdict::Same);
        assert_eq!((tally.expected(), tally.unexpected()), (3, 1));
        let table = tally.to_string();
        let figures: Vec<Vec<&str>> = table
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            figures,
            [
                ["tutorial", "axum", "2", "1", "1", "0"],
                ["tutorial", "warp", "1", "0", "0", "1"],
                ["clients", "axum", "1", "1", "0", "0"],
            ]
        );
    }
}
