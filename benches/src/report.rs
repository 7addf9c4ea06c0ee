//! What a program that measures is told, and what it prints.

use std::env;

use serde_json::{Map, Value, json};

use crate::{
    Group,
    rounds::{self, Effort},
};

/// The command line: `[--quick] [GROUP]`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Short, and without what takes long to build.
    pub quick: bool,
    /// The beginning of the names of the groups to measure.
    pub filter: Option<String>,
}

impl Options {
    /// Those that the program was started with.
    #[must_use]
    pub fn from_arguments() -> Self {
        let arguments: Vec<String> = env::args().skip(1).collect();
        Self {
            quick: arguments.iter().any(|argument| argument == "--quick"),
            filter: arguments
                .into_iter()
                .find(|argument| !argument.starts_with('-')),
        }
    }
}

/// Measures these groups, tells on stderr how it goes, and gives all samples by group.
#[must_use]
pub fn measure(groups: Vec<Group>, options: &Options) -> Value {
    let effort = if options.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let mut report = Map::new();
    for group in groups {
        if options.quick && group.large && options.filter.is_none() {
            eprintln!("leaving out {}: it is too large for a quick look", group.id);
            continue;
        }
        eprintln!("measuring {}", group.id);
        let effort = if group.patient {
            effort.patient()
        } else {
            effort
        };
        let measured = rounds::measure(&mut group.cases(), effort);
        let first = median(&measured[0].samples);
        for case in &measured {
            let median = median(&case.samples);
            let ratio = median / first;
            eprintln!("    {:<30}{median:>12.1} ns{ratio:>10.3}", case.id);
        }
        report.insert(group.id, json!(measured));
    }
    Value::Object(report)
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
