//! All cases under criterion, for comparing with before.
//!
//! `cargo bench -p authz-benches -- cold/RS256` runs those whose name begins so.

use std::env;

use authz_benches::groups;
use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // Groups take time to build: what is not asked for is not built either.
    let filter = env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    for group in groups::named(filter.as_deref()) {
        let mut measured = criterion.benchmark_group(&group.id);
        for mut case in group.cases() {
            let id = case.id.clone();
            measured.bench_function(id, |bencher| bencher.iter_custom(|times| case.run(times)));
        }
        measured.finish();
    }
    criterion.final_summary();
}
