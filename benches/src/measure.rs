//! All cases in turns, for the report: JSON on stdout, progress on stderr.
//!
//! `measure [--quick] [GROUP]`

use std::env;

use authz_benches::{
    groups,
    rounds::{Effort, measure},
};
use serde_json::{Map, json};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    let mut report = Map::new();
    for group in groups::named(filter.map(String::as_str)) {
        if quick && group.large && filter.is_none() {
            eprintln!("leaving out {}: it is too large for a quick look", group.id);
            continue;
        }
        eprintln!("measuring {}", group.id);
        let effort = if group.patient {
            effort.patient()
        } else {
            effort
        };
        let measured = measure(&mut group.cases(), effort);
        let first = median(&measured[0].samples);
        for case in &measured {
            let median = median(&case.samples);
            let ratio = median / first;
            eprintln!("    {:<24}{median:>12.1} ns{ratio:>10.3}", case.id);
        }
        report.insert(group.id, json!(measured));
    }
    println!("{}", serde_json::Value::Object(report));
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
