//! `cargo xtask bench instructions`: instructions on a path, under valgrind.
//!
//! They do not depend on what else the machine does, so they can be held to limits where times
//! can't. Valgrind counts inside of the program's `walk` alone, and there not inside of the signature
//! check, which is the backend's and depends on the processor.

use std::{
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use anstream::println;
use serde_json::Value;

use super::{BenchError, programs};
use crate::{
    process::{cargo, find_program},
    report::{self, Counts, FAINT, HEADING},
};

/// Count instructions on the warm and the cold path, under valgrind, and hold them to limits
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {}

/// Instructions of one decision at most. To be lowered when a path has become shorter by more than the slack.
const LIMITS: &[(&str, u64)] = &[("warm", 1_650), ("cold", 23_400), ("expired", 14_800)];

/// How far a count may lie above its limit: hash seeds and the allocator's state differ from run to run.
const SLACK: f64 = 0.05;

/// Decisions in one run: enough that what happens once does not count.
const TIMES: u64 = 5_000;

pub(super) fn run(_: &Options) -> Result<ExitCode, BenchError> {
    Ok(report::closing_line(count()?))
}

/// Counts every path; skipped where valgrind is missing.
pub(crate) fn count() -> Result<Counts, BenchError> {
    let Some(valgrind) = find_program("valgrind") else {
        println!("skipped: valgrind is not installed (Debian: apt install valgrind)");
        return Ok(Counts::SKIPPED);
    };
    let path = build()?;
    println!(
        "{HEADING}{:<12}{:>14}{:>10}{HEADING:#}",
        "path", "instructions", "limit"
    );
    let mut counts = Counts::default();
    for (name, limit) in LIMITS {
        let instructions = walk(&valgrind, &path, name)? / TIMES;
        let most = (*limit as f64 * (1.0 + SLACK)) as u64;
        let verdict = if instructions > most {
            counts += Counts::FAILED;
            "  too many"
        } else {
            counts += Counts::PASSED;
            ""
        };
        println!("{name:<12}{instructions:>14}{limit:>10}{verdict}");
    }
    println!(
        "{FAINT}without the signature check; limits have {:.0}% of slack{FAINT:#}",
        SLACK * 100.0
    );
    Ok(counts)
}

fn build() -> Result<PathBuf, BenchError> {
    let mut command = cargo();
    command.args([
        "build",
        "--profile=bench",
        "--package=authz-benches",
        "--bin=path",
    ]);
    command.arg("--message-format=json-render-diagnostics");
    let messages = programs::output("cargo", command)?;
    let built = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"] == "path";
        ours.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    built.ok_or(BenchError::NoBinary("path"))
}

fn walk(valgrind: &PathBuf, path: &PathBuf, name: &str) -> Result<u64, BenchError> {
    let mut command = Command::new(valgrind);
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([
            "--toggle-collect=path::walk",
            "--toggle-collect=*SignatureCheck*verify*",
        ])
        .arg(path)
        .args([name, &TIMES.to_string()])
        .stdin(Stdio::null());
    let no_program = |source| BenchError::NoProgram {
        program: "valgrind",
        source,
    };
    let output = command.output().map_err(no_program)?;
    let text = String::from_utf8_lossy(&output.stderr);
    // `==PID== Collected : N`
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    match count {
        Some(count) if output.status.success() && count > 0 => Ok(count),
        _ => Err(BenchError::Unreadable {
            program: "valgrind",
            what: text.into_owned(),
        }),
    }
}
