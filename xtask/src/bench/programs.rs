//! Building and running the programs that measure.

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

use anstream::eprintln;

use super::{BenchError, Machine, folder, machine, measurements::Measurements};
use crate::{process::cargo, report::FAINT};

/// Everything a report is made of.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) quick: bool,
    pub(super) machine: Machine,
    /// The load when everything was measured.
    pub(super) load_after: Option<f64>,
    pub(super) measurements: Measurements,
    pub(super) counts: Counts,
    /// Protected against unprotected requests per second, by framework, of the last `bench http`.
    pub(super) http: BTreeMap<String, f64>,
}

/// What the test of the allocations counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Allocations of one decision, by path.
    pub(super) allocations: BTreeMap<String, u64>,
    /// Bytes that a cached token takes, and that it counts as in the cache's bound, by claims type.
    pub(super) bytes_per_token: BTreeMap<String, (u64, u64)>,
}

const FEATURES: &str = "--features=routes,rust-crypto";

impl Results {
    pub(super) fn gather(quick: bool, peers: bool) -> Result<Self, BenchError> {
        let mut programs = vec![Program::measure()];
        if peers {
            programs.extend([Program::peers("aws-lc-rs"), Program::peers("rust-crypto")]);
        }
        // Built first, all of them: nothing is to be measured beside a compiler.
        for program in &programs {
            program.build()?;
        }
        let counts = Counts::take()?;
        let machine = Machine::look();
        let mut measurements = Measurements::default();
        for program in &programs {
            let printed = program.run(quick)?;
            let unreadable = || BenchError::Unreadable {
                program: program.name,
                what: printed.chars().take(200).collect(),
            };
            measurements.read(&printed).ok_or_else(unreadable)?;
        }
        Ok(Self {
            quick,
            machine,
            load_after: machine::load(),
            measurements,
            counts,
            http: last_http(),
        })
    }
}

/// What the last run of `bench http` left; nothing when there was none.
fn last_http() -> BTreeMap<String, f64> {
    let read = || {
        let text = fs::read_to_string(folder().ok()?.join("http.json")).ok()?;
        serde_json::from_str(&text).ok()
    };
    read().unwrap_or_default()
}

#[derive(Debug)]
struct Program {
    name: &'static str,
    arguments: Vec<String>,
}

impl Program {
    fn measure() -> Self {
        let arguments = [
            "--profile=bench",
            "--package=authz-benches",
            "--bin=measure",
            FEATURES,
        ];
        Self {
            name: "measure",
            arguments: arguments.map(str::to_owned).to_vec(),
        }
    }

    fn peers(backend: &str) -> Self {
        Self {
            name: "authz-peers",
            arguments: vec![
                "--release".to_owned(),
                "--manifest-path=benches/peers/Cargo.toml".to_owned(),
                "--no-default-features".to_owned(),
                format!("--features={backend}"),
            ],
        }
    }

    fn build(&self) -> Result<(), BenchError> {
        eprintln!("{FAINT}building {}{FAINT:#}", self.name);
        let mut command = cargo();
        command
            .arg("build")
            .args(&self.arguments)
            .stdin(Stdio::null());
        let status = command.status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(BenchError::Failed(format!("the build of {}", self.name))),
            Err(source) => Err(BenchError::NoProgram {
                program: "cargo",
                source,
            }),
        }
    }

    fn run(&self, quick: bool) -> Result<String, BenchError> {
        let mut command = cargo();
        command.args(["run", "--quiet"]).args(&self.arguments);
        if quick {
            command.args(["--", "--quick"]);
        }
        output(self.name, command)
    }
}

impl Counts {
    fn take() -> Result<Self, BenchError> {
        let mut command = cargo();
        command
            .args([
                "test",
                "--quiet",
                "--profile=bench",
                "--package=authz-benches",
                FEATURES,
            ])
            .args(["--test=allocations", "--", "--nocapture"]);
        let printed = output("the test of the allocations", command)?;
        let mut counts = Self::default();
        for line in printed.lines() {
            // The test runner puts its dots wherever its line has got to.
            match line
                .trim_start_matches('.')
                .split_whitespace()
                .collect::<Vec<_>>()[..]
            {
                ["allocations", path, count] => {
                    let count = count.parse().unwrap_or_default();
                    counts.allocations.insert(path.to_owned(), count);
                }
                ["bytes-per-token", claims, taken, believed] => {
                    let bytes = [taken, believed].map(|it| it.parse().unwrap_or_default());
                    counts
                        .bytes_per_token
                        .insert(claims.to_owned(), bytes.into());
                }
                _ => {}
            }
        }
        Ok(counts)
    }
}

/// Runs a program whose progress a person sees, and takes what it prints for us.
pub(super) fn output(program: &'static str, mut command: Command) -> Result<String, BenchError> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    match command.output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(_) => Err(BenchError::Failed(program.to_owned())),
        Err(source) => Err(BenchError::NoProgram { program, source }),
    }
}
