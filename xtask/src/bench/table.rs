//! The table, for the terminal and for `report.md`.

use std::fmt::Write as _;

use super::{
    measurements::Spread,
    points::{Point, Verdict},
    programs::Results,
};

/// Groups in the order of interest, with what their first case is to them.
const SECTIONS: &[(&str, &str)] = &[
    ("cold/", "A token seen for the first time"),
    ("warm/", "A token seen before"),
    (
        "peers/",
        "The same token validated by other crates, in the same run",
    ),
    (
        "peer-routes/",
        "An axum route behind another crate's layer, in the same run",
    ),
    ("route/", "A route in process, warm"),
    ("stage", "Where the time goes, cold, RS256"),
    ("policy", "A policy on a verified token"),
    ("refusal", "Refusals"),
    (
        "threads/",
        "Time of one thread's work while others do as much",
    ),
    ("curve/", "Cost against size"),
    ("backend/", "Backends"),
];

/// One line of the table.
struct Row<'r> {
    case: &'r str,
    time: Spread,
    /// Against the group's first case, round by round.
    ratio: f64,
}

pub(super) fn plain(results: &Results) -> String {
    let mut text = String::new();
    for (prefix, title) in SECTIONS {
        for (position, (group, rows)) in rows(results, prefix).into_iter().enumerate() {
            if position == 0 {
                text.push_str(&format!("{title}\n"));
            }
            for row in rows {
                let name = format!("{group} {}", row.case);
                let (time, ratio) = (duration(row.time.median), ratio(row.ratio));
                text.push_str(&format!("  {name:<50}{time:>10}{ratio:>9} x\n"));
            }
        }
        text.push('\n');
    }
    text
}

pub(super) fn markdown(results: &Results, points: &[Point]) -> String {
    let machine = &results.machine;
    let mut text = format!(
        "# What validation costs\n\n\
         {} cores of {}, {}, {}. {}Medians; ratios are medians of the ratios within each round, \
         to the first line of their table. Load average before {}, after {}.\n\n",
        machine.cores,
        machine.processor,
        machine.system,
        machine.rustc,
        if results.quick {
            "A quick look: few samples. "
        } else {
            ""
        },
        load(machine.load),
        load(results.load_after),
    );
    text.push_str(&targets(points));
    text.push_str(&counts(results));
    for (prefix, title) in SECTIONS {
        let groups = rows(results, prefix);
        if groups.is_empty() {
            continue;
        }
        text.push_str(&format!("## {title}\n\n"));
        for (group, rows) in groups {
            text.push_str(&format!(
                "| {group} | median | 10% to 90% | ratio |\n|---|--:|--:|--:|\n"
            ));
            for row in rows {
                // Writing into a string does not fail.
                let _ = writeln!(
                    text,
                    "| {} | {} | {} to {} | {} |",
                    row.case,
                    duration(row.time.median),
                    duration(row.time.low),
                    duration(row.time.high),
                    ratio(row.ratio),
                );
            }
            text.push('\n');
        }
    }
    text
}

fn targets(points: &[Point]) -> String {
    let mut text = "## Targets\n\n| | target | | measured | |\n|--:|---|---|--:|---|\n".to_owned();
    for point in points {
        let measured = point
            .measured
            .map_or_else(String::new, |it| format!("{it:.2}"));
        let verdict = match point.verdict() {
            Verdict::Missed => "**missed**",
            other => other.name(),
        };
        let Point {
            number,
            what,
            limit,
            ..
        } = point;
        let _ = writeln!(
            text,
            "| {number} | {what} | {limit} | {measured} | {verdict} |"
        );
    }
    text.push('\n');
    text
}

fn counts(results: &Results) -> String {
    let mut text = "## Counts\n\n| | |\n|---|--:|\n| allocations, warm | 0 |\n".to_owned();
    for (path, count) in &results.counts.allocations {
        let _ = writeln!(text, "| allocations, cold, claims {path} | {count} |");
    }
    for (claims, (taken, believed)) in &results.counts.bytes_per_token {
        let _ = writeln!(
            text,
            "| bytes per cached token, claims {claims} | {taken} (counts as {believed}) |"
        );
    }
    text.push('\n');
    text
}

fn rows<'r>(results: &'r Results, prefix: &'r str) -> Vec<(&'r str, Vec<Row<'r>>)> {
    let measurements = &results.measurements;
    let group = |(group, series): (&'r str, &'r [super::measurements::Series])| {
        let first = &series.first()?.id;
        let row = |case: &'r super::measurements::Series| {
            Some(Row {
                case: &case.id,
                time: case.spread()?,
                ratio: measurements.ratio(group, &case.id, first)?.median,
            })
        };
        Some((group, series.iter().filter_map(row).collect()))
    };
    measurements.groups(prefix).filter_map(group).collect()
}

/// Nanoseconds, in the unit that reads best.
pub(super) fn duration(ns: f64) -> String {
    match ns {
        ..1_000.0 => format!("{ns:.0} ns"),
        ..100_000.0 => format!("{:.2} \u{b5}s", ns / 1e3),
        ..1_000_000.0 => format!("{:.1} \u{b5}s", ns / 1e3),
        _ => format!("{:.2} ms", ns / 1e6),
    }
}

fn ratio(ratio: f64) -> String {
    match ratio {
        ..0.1 => format!("{ratio:.4}"),
        ..10.0 => format!("{ratio:.3}"),
        _ => format!("{ratio:.1}"),
    }
}

fn load(load: Option<f64>) -> String {
    load.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.2}"))
}
