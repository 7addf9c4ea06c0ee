//! The table, for the terminal and for `report.md`.

use super::{measurements::Spread, points::Point, results::Results};

/// Groups in the order of interest, by the beginnings of their names.
#[rustfmt::skip] // one line per section
const SECTIONS: &[(&str, &str)] = &[
    ("cold/", "A token seen for the first time"),
    ("warm/", "A token seen before"),
    ("peers/", "The same token validated by other crates, in the same run"),
    ("peer-routes/", "An axum route behind another crate's layer, in the same run"),
    ("route/", "A route in process, warm"),
    ("stage", "Where the time goes, cold, RS256"),
    ("policy", "A policy on a verified token"),
    ("refusal", "Refusals"),
    ("revocation", "A token seen before, with a list of revocations"),
    ("dpop", "A token that is bound to a key, against the bare check of its proof's signature (ES256)"),
    ("replay", "A token that is bound to a key, by where its proofs are remembered, in wall-clock time"),
    ("introspection", "A token that the issuer was asked about before, against a JWT seen before"),
    ("threads/", "Time of one thread's work while others do as much"),
    ("curve/", "Cost against size"),
    ("backend/", "Backends"),
];

/// One line of the table.
struct Row<'r> {
    case: &'r str,
    time: Spread,
    /// Against the group's first case, round by round.
    ratio: String,
}

pub(super) fn plain(results: &Results) -> String {
    let mut text = String::new();
    for (prefix, title) in SECTIONS {
        let groups = groups(results, prefix);
        if !groups.is_empty() {
            text += &format!("{title}\n");
        }
        for (group, rows) in groups {
            for Row { case, time, ratio } in rows {
                let (name, time) = (format!("{group} {case}"), duration(time.median));
                text += &format!("  {name:<50}{time:>10}{ratio:>9} x\n");
            }
        }
        text += "\n";
    }
    text
}

pub(super) fn markdown(results: &Results, points: &[Point]) -> String {
    let machine = &results.machine;
    let load = |load: Option<f64>| load.map_or("unknown".to_owned(), |load| format!("{load:.2}"));
    let quick = match results.quick {
        true => "A quick look: few samples. ",
        false => "",
    };
    let mut text = format!(
        "# What validation costs\n\n\
         {} cores of {}, {}, {}. {quick}Medians; ratios are medians of the ratios within each round, \
         to the first line of their table. Load average before {}, after {}.\n\n",
        machine.cores,
        machine.processor,
        machine.system,
        machine.rustc,
        load(machine.load),
        load(results.load_after),
    );
    text += "## Targets\n\n| | target | | measured | |\n|--:|---|---|--:|---|\n";
    for point in points {
        let measured = point
            .measured
            .map(|it| format!("{it:.2}"))
            .unwrap_or_default();
        let verdict = match point.verdict() {
            "missed" => "**missed**",
            other => other,
        };
        let (number, what, limit) = (point.number, point.what, point.limit);
        text += &format!("| {number} | {what} | {limit} | {measured} | {verdict} |\n");
    }
    text += "\n## Counts\n\n| | |\n|---|--:|\n| allocations, warm | 0 |\n";
    for (path, count) in &results.counts.allocations {
        text += &format!("| allocations, cold, claims {path} | {count} |\n");
    }
    for (claims, (taken, counted)) in &results.counts.bytes_per_token {
        let bytes = format!("{taken} (counts as {counted})");
        text += &format!("| bytes per cached token, claims {claims} | {bytes} |\n");
    }
    text += "\n";
    for (prefix, title) in SECTIONS {
        let groups = groups(results, prefix);
        if !groups.is_empty() {
            text += &format!("## {title}\n\n");
        }
        for (group, rows) in groups {
            text += &format!("| {group} | median | 10% to 90% | ratio |\n|---|--:|--:|--:|\n");
            for Row { case, time, ratio } in rows {
                let Spread { low, median, high } = time;
                let [low, median, high] = [low, median, high].map(duration);
                text += &format!("| {case} | {median} | {low} to {high} | {ratio} |\n");
            }
            text += "\n";
        }
    }
    text
}

/// The groups of a section with their rows.
fn groups<'r>(results: &'r Results, prefix: &'r str) -> Vec<(&'r str, Vec<Row<'r>>)> {
    let measurements = &results.measurements;
    let mut groups = Vec::new();
    for (group, series) in measurements.groups(prefix) {
        let rows = series.iter().filter_map(|case| {
            let ratio = measurements.ratio(group, &case.id, &series.first()?.id)?;
            Some(Row {
                case: &case.id,
                time: case.spread()?,
                ratio: match ratio {
                    ..0.1 => format!("{ratio:.4}"),
                    ..10.0 => format!("{ratio:.3}"),
                    _ => format!("{ratio:.1}"),
                },
            })
        });
        groups.push((group, rows.collect()));
    }
    groups
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
