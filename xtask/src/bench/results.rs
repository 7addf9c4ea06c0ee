//! Building and running the programs that measure, and everything they found.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use anstream::eprintln;
use anyhow::{Context as _, ensure};

use super::{
    machine::{self, Machine},
    measurements::Measurements,
};
use crate::{
    process::{cargo, output, root},
    report::FAINT,
};

/// Everything a report is made of.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) quick: bool,
    pub(super) machine: Machine,
    /// The load when everything was measured.
    pub(super) load_after: Option<f64>,
    pub(super) measurements: Measurements,
    pub(super) counts: BenchCounts,
    /// Protected against unprotected requests per second, by framework, of the last `bench http`.
    pub(super) http: BTreeMap<String, f64>,
}

/// What the test of the allocations counted.
#[derive(Debug, Default)]
pub(super) struct BenchCounts {
    /// Allocations of one decision, by path.
    pub(super) allocations: BTreeMap<String, u64>,
    /// Bytes that a cached token takes, and that it counts as in the cache's bound, by claims type.
    pub(super) bytes_per_token: BTreeMap<String, (u64, u64)>,
}

/// What cargo is told about each program that measures.
const MEASURE: &str =
    "--profile=bench --package=authz-benches --bin=measure --features=routes,rust-crypto,store";
const PEERS: [&str; 2] = [
    "--release --manifest-path=benches/peers/Cargo.toml --no-default-features --features=aws-lc-rs",
    "--release --manifest-path=benches/peers/Cargo.toml --no-default-features --features=rust-crypto",
];
/// The test that counts allocations; it prints what it counted.
const ALLOCATIONS: &str = "test --quiet --profile=bench --package=authz-benches \
     --features=routes,rust-crypto --test=allocations -- --nocapture";

impl Results {
    pub(super) fn gather(quick: bool, peers: bool) -> anyhow::Result<Self> {
        let mut programs = vec![MEASURE];
        if peers {
            programs.extend(PEERS);
        }
        // Built first, all of them: nothing is to be measured beside a compiler.
        for program in &programs {
            eprintln!("{FAINT}building the programs that measure{FAINT:#}");
            let status = cargo(["build"]).args(program.split(' ')).status();
            ensure!(
                status.context("cargo cannot be run")?.success(),
                "a program that measures does not build; cargo's messages above say why"
            );
        }
        let counts = BenchCounts::read(&output(&mut cargo(ALLOCATIONS.split_whitespace()))?);
        let machine = Machine::look();
        let mut measurements = Measurements::default();
        for program in &programs {
            let mut command = cargo(["run", "--quiet"]);
            command.args(program.split(' '));
            if quick {
                command.args(["--", "--quick"]);
            }
            let printed = output(&mut command)?;
            measurements.read(&printed).with_context(|| {
                let beginning: String = printed.chars().take(200).collect();
                format!("what a program that measures printed cannot be read: {beginning}")
            })?;
        }
        Ok(Self {
            quick,
            machine,
            load_after: machine::load(),
            measurements,
            counts,
            http: last_http().unwrap_or_default(),
        })
    }
}

/// What the last run of `bench http` left; nothing when there was none.
fn last_http() -> Option<BTreeMap<String, f64>> {
    let text = fs::read_to_string(folder().ok()?.join("http.json")).ok()?;
    serde_json::from_str(&text).ok()
}

impl BenchCounts {
    fn read(printed: &str) -> Self {
        let mut counts = Self::default();
        let number = |text: &str| text.parse().unwrap_or_default();
        for line in printed.lines() {
            // The test runner puts its dots wherever its line has got to.
            let line = line.trim_start_matches('.').split_whitespace();
            match line.collect::<Vec<_>>()[..] {
                ["allocations", path, count] => {
                    counts.allocations.insert(path.to_owned(), number(count));
                }
                ["bytes-per-token", claims, taken, believed] => {
                    let bytes = (number(taken), number(believed));
                    counts.bytes_per_token.insert(claims.to_owned(), bytes);
                }
                _ => {}
            }
        }
        counts
    }
}

/// Where reports go.
pub(super) fn folder() -> anyhow::Result<PathBuf> {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = root().join(target).join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("no folder {}", folder.display()))?;
    Ok(folder)
}
