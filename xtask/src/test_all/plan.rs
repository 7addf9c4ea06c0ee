//! The steps, in the order in which they run: what fails fastest comes first.
//!
//! Every feature set that a user can choose is tested, and no combination twice: each one rebuilds
//! the crates it concerns. The default features of all packages are one step, because building the
//! workspace at once shares everything.

use super::step::{Action, Step};

pub(super) const PLAN: &[Step] = &[
    Step {
        name: "format",
        about: "the formatter would change nothing",
        action: Action::Check(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "clippy",
        about: "no lint has anything to say",
        action: Action::Check(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    },
    Step {
        name: "tests",
        about: "every package with its default features",
        action: Action::Tests {
            suite: "tests",
            select: &["--workspace", "--exclude", "blackbox"],
        },
    },
    Step {
        name: "core-aws-lc-rs",
        about: "authz-core with AWS-LC and no HTTP client",
        action: Action::Tests {
            suite: "tests, aws-lc-rs",
            select: &[
                "--package=authz-core",
                "--no-default-features",
                "--features=aws-lc-rs",
            ],
        },
    },
    Step {
        name: "core-rust-crypto",
        about: "authz-core in pure Rust and no HTTP client",
        action: Action::Tests {
            suite: "tests, rust-crypto",
            select: &[
                "--package=authz-core",
                "--no-default-features",
                "--features=rust-crypto",
            ],
        },
    },
    Step {
        name: "core-all-features",
        about: "authz-core with both backends and every option at once",
        action: Action::Tests {
            suite: "tests, all features",
            select: &["--package=authz-core", "--all-features"],
        },
    },
    Step {
        name: "core-unified-features",
        about: "authz-core where another crate turns on all of serde_json's features",
        action: Action::Tests {
            suite: "tests, unified features",
            select: &[
                "--package=authz-core",
                "--package=feature-unification",
                "--features=feature-unification/unified,authz-core/rules",
            ],
        },
    },
    Step {
        name: "adapters-rust-crypto",
        about: "the adapters in pure Rust",
        action: Action::Tests {
            suite: "tests, rust-crypto",
            select: &[
                "--package=authz-axum",
                "--package=authz-warp",
                "--package=authz-poem",
                "--no-default-features",
                "--features=rust-crypto,reqwest",
            ],
        },
    },
    Step {
        name: "testkit-rust-crypto",
        about: "the testkit in pure Rust",
        action: Action::Tests {
            suite: "tests, rust-crypto",
            select: &[
                "--package=authz-testkit",
                "--no-default-features",
                "--features=rust-crypto",
            ],
        },
    },
    Step {
        name: "doc-tests",
        about: "the examples in the documentation compile and run",
        action: Action::DocTests,
    },
    Step {
        name: "docs",
        about: "the documentation builds without a warning",
        action: Action::Docs,
    },
    Step {
        name: "deny",
        about: "licences, advisories and duplicate versions of the dependencies",
        action: Action::Deny,
    },
    Step {
        name: "blackbox",
        about: "the three example servers keep their contract, seen from outside",
        action: Action::BlackBox,
    },
    Step {
        name: "instructions",
        about: "the warm and the cold path take no more instructions than they did",
        action: Action::Instructions,
    },
    Step {
        name: "soak",
        about: "20 seconds of clients on all cores, rotations and random failures",
        action: Action::Soak,
    },
    Step {
        name: "interop",
        about: "the example servers against software that this repository did not write",
        action: Action::Interop,
    },
];
