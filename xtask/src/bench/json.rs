//! `report.json`. Its keys are documented in docs/performance.md and stay as they are: what is added
//! gets a key of its own.

use serde_json::{Map, Value, json};

use super::{
    points::{Limit, Point},
    results::Results,
};

pub(super) fn report(results: &Results, points: &[Point]) -> String {
    let machine = &results.machine;
    let counts = &results.counts;
    let bytes = |(claims, (taken, counted)): (&String, &(u64, u64))| {
        (
            claims.clone(),
            json!({ "taken": taken, "counted": counted }),
        )
    };
    let report = json!({
        "format": 1,
        "quick": results.quick,
        "machine": {
            "processor": machine.processor,
            "cores": machine.cores,
            "system": machine.system,
            "rustc": machine.rustc,
            "load_before": machine.load,
            "load_after": results.load_after,
        },
        "cases": cases(results),
        "targets": points.iter().map(target).collect::<Map<_, _>>(),
        "allocations": { "warm": 0, "cold": counts.allocations },
        "bytes_per_token": counts.bytes_per_token.iter().map(bytes).collect::<Map<_, _>>(),
        "http": results.http,
    });
    format!("{report:#}\n")
}

fn cases(results: &Results) -> Map<String, Value> {
    let mut cases = Map::new();
    for (group, series) in results.measurements.groups("") {
        for case in series {
            let ratio = results.measurements.ratio(group, &case.id, &series[0].id);
            if let (Some(spread), Some(ratio)) = (case.spread(), ratio) {
                let value = json!({
                    "median_ns": spread.median,
                    "low_ns": spread.low,
                    "high_ns": spread.high,
                    "samples": case.samples.len(),
                    "ratio_to": series[0].id,
                    "ratio": ratio,
                });
                cases.insert(format!("{group}/{}", case.id), value);
            }
        }
    }
    cases
}

fn target(point: &Point) -> (String, Value) {
    let (bound, limit) = match point.limit {
        Limit::AtMost(limit) => ("at_most", limit),
        Limit::AtLeast(limit) => ("at_least", limit),
    };
    let value = json!({
        "point": point.number,
        "what": point.what,
        bound: limit,
        "measured": point.measured,
        "verdict": point.verdict(),
    });
    (point.key.to_owned(), value)
}
