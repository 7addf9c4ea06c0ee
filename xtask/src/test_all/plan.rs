//! The steps, in the order in which they run: what fails fastest comes first.
//!
//! Every feature set that a user can choose is tested, and no combination twice: each one rebuilds
//! the crates it concerns. The default features of all packages are one step, because building the
//! workspace at once shares everything.

/// A step of the plan.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) action: Action,
}

/// Words of a command line.
type Words = &'static [&'static str];

/// What a step does.
#[derive(Debug)]
pub(super) enum Action {
    /// A cargo command that passes or fails as a whole.
    Check(Words),
    /// The same, of a subcommand that has to be installed; this command does it.
    Installed(Words, &'static str),
    /// The tests of some packages in one feature set.
    Tests(Suite),
    DocTests,
    /// The dependencies against the database of advisories, where it can be fetched.
    Advisories,
    Package,
    Book,
    /// A command of xtask that counts for itself.
    Xtask(Words),
}

/// Tests that are built at once. They run one row after the other, so that the runner's own closing
/// line is a row's result.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) name: &'static str,
    pub(super) select: Words,
    pub(super) features: Words,
    /// Packages, or example servers, which the tests of the package `blackbox` are named after.
    pub(super) rows: Words,
    /// The row of all other tests, where there are any.
    pub(super) others: Option<&'static str>,
}

const fn step(name: &'static str, about: &'static str, action: Action) -> Step {
    Step {
        name,
        about,
        action,
    }
}

/// The tests of authz-core with other features than the default ones.
const fn core(name: &'static str, features: Words) -> Action {
    Action::Tests(Suite {
        name,
        select: &["--package=authz-core"],
        features,
        rows: &["authz-core"],
        others: None,
    })
}

pub(super) const CARGO_DENY: &str = "cargo install --locked cargo-deny";

const ADAPTERS: Words = &["authz-axum", "authz-warp", "authz-poem"];

#[rustfmt::skip] // a step is what it does and why, not how its lines break
pub(super) const PLAN: &[Step] = &[
    step("format", "the formatter would change nothing",
        Action::Check(&["fmt", "--all", "--check"])),
    step("clippy", "no lint has anything to say",
        Action::Check(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    step("tests", "every package with its default features",
        Action::Tests(Suite {
            name: "tests",
            select: &["--workspace", "--exclude=blackbox"],
            features: &[],
            rows: ADAPTERS,
            others: Some("other packages"),
        })),
    step("core-aws-lc-rs", "authz-core with AWS-LC and no HTTP client",
        core("tests, aws-lc-rs", &["--no-default-features", "--features=aws-lc-rs"])),
    step("core-rust-crypto", "authz-core in pure Rust and no HTTP client",
        core("tests, rust-crypto", &["--no-default-features", "--features=rust-crypto"])),
    step("core-all-features", "authz-core with both backends and every option at once",
        core("tests, all features", &["--all-features"])),
    step("core-unified-features", "authz-core where another crate turns on all of serde_json's features",
        Action::Tests(Suite {
            name: "tests, unified features",
            select: &["--package=authz-core", "--package=feature-unification"],
            features: &["--features=feature-unification/unified,authz-core/rules"],
            rows: &[],
            others: Some("authz-core"),
        })),
    step("adapters-rust-crypto", "the adapters in pure Rust",
        Action::Tests(Suite {
            name: "tests, rust-crypto",
            select: &["--package=authz-axum", "--package=authz-warp", "--package=authz-poem"],
            features: &["--no-default-features", "--features=rust-crypto,reqwest"],
            rows: ADAPTERS,
            others: None,
        })),
    step("testkit-rust-crypto", "the testkit in pure Rust, with its dashboard",
        Action::Tests(Suite {
            name: "tests, rust-crypto",
            select: &["--package=authz-testkit"],
            features: &["--no-default-features", "--features=rust-crypto,dashboard"],
            rows: &["authz-testkit"],
            others: None,
        })),
    step("doc-tests", "the examples in the documentation compile and run",
        Action::DocTests),
    step("docs", "the documentation builds without a warning",
        Action::Check(&["doc", "--no-deps", "--workspace", "--config=build.rustdocflags=['-Dwarnings']"])),
    step("book", "the pages of `docs` build without a warning, and their links lead somewhere",
        Action::Book),
    step("deny", "licences, sources and duplicate versions of the dependencies",
        Action::Installed(&["deny", "check", "bans", "licenses", "sources"], CARGO_DENY)),
    step("advisories", "no dependency has a known vulnerability",
        Action::Advisories),
    step("package", "each library crate has what a registry asks for, and a list of files",
        Action::Package),
    step("blackbox", "the three example servers keep their contract, seen from outside",
        Action::Tests(Suite {
            name: "black box",
            select: &["--package=blackbox"],
            features: &[],
            rows: &["quickstart-axum", "quickstart-warp", "quickstart-poem"],
            others: Some("blackbox"),
        })),
    step("instructions", "the warm and the cold path take no more instructions than they did",
        Action::Xtask(&["bench", "instructions"])),
    step("soak", "20 seconds of clients on all cores, rotations and random failures",
        Action::Xtask(&["soak"])),
    step("fleet", "8 seconds of proofs at three servers while their store is killed and frozen",
        Action::Xtask(&["soak", "--fleet", "--seconds=8"])),
    step("interop", "the example servers against software that this repository did not write",
        Action::Xtask(&["interop"])),
    step("browser", "the dashboard of the development issuer in a browser, with each example server",
        Action::Xtask(&["browser"])),
];
