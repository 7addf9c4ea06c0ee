//! The same token and the same key, validated by other crates, each used as its documentation says.
//!
//! `authz-peers [--quick]`: JSON on stdout, progress on stderr, as `measure` has it.

mod ours;
mod peers;
mod routes;
mod token;

use authz_benches::{Group, report};

use crate::token::Issued;

fn main() {
    let options = report::Options::from_arguments();
    let issued = Issued::new();
    let backend = match cfg!(feature = "aws-lc-rs") {
        true => "aws-lc-rs",
        false => "rust-crypto",
    };
    let validation = issued.clone();
    let groups = vec![
        Group::new(format!("peers/{backend}"), move || {
            let mut cases = ours::cases(&validation);
            cases.extend(peers::cases(&validation));
            cases
        }),
        Group::new(format!("peer-routes/{backend}"), move || {
            routes::cases(&issued)
        }),
    ];
    println!("{}", report::measure(groups, &options));
}
