//! All cases in turns, for the report: JSON on stdout, progress on stderr.
//!
//! `measure [--quick] [GROUP]`

use authz_benches::{groups, report};

fn main() {
    let options = report::Options::from_arguments();
    let groups = groups::named(options.filter.as_deref());
    println!("{}", report::measure(groups, &options));
}
