//! `cargo xtask bench instructions`: instructions on a path, under valgrind.
//!
//! They do not depend on what else the machine does, so they can be held to limits where times
//! can't. Valgrind counts inside of the program's `walk` alone, and there not inside of the signature
//! check, which is the backend's and depends on the processor.

use std::{
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use anstream::println;
use anyhow::Context as _;

use crate::{
    process::{build, find_program},
    report::{Counts, FAINT, HEADING},
};

/// Instructions of one decision at most. To be lowered when a path has become shorter by more than the slack.
const LIMITS: &[(&str, u64)] = &[("warm", 1_750), ("cold", 23_800), ("expired", 13_400)];

/// How far a count may lie above its limit: hash seeds and the allocator's state differ from run to run.
const SLACK: f64 = 0.05;

/// Decisions in one run: enough that what happens once does not count.
const TIMES: u64 = 5_000;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    let Some(valgrind) = find_program("valgrind") else {
        println!("skipped: valgrind is not installed (Debian: apt install valgrind)");
        return Ok(Counts::SKIPPED.close());
    };
    let path = build(
        ["path"],
        &["--profile=bench", "--package=authz-benches", "--bin=path"],
    )?;
    println!(
        "{HEADING}{:<12}{:>14}{:>10}{HEADING:#}",
        "path", "instructions", "limit"
    );
    let mut counts = Counts::default();
    for (name, limit) in LIMITS {
        let instructions = walk(&valgrind, &path[0], name)? / TIMES;
        let fine = instructions as f64 <= *limit as f64 * (1.0 + SLACK);
        counts += Counts::of(fine);
        let verdict = if fine { "" } else { "  too many" };
        println!("{name:<12}{instructions:>14}{limit:>10}{verdict}");
    }
    println!(
        "{FAINT}without the signature check; limits have {:.0}% of slack{FAINT:#}",
        SLACK * 100.0
    );
    Ok(counts.close())
}

fn walk(valgrind: &Path, path: &Path, name: &str) -> anyhow::Result<u64> {
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=path::walk")
        .arg("--toggle-collect=*SignatureCheck*verify*")
        .arg(path)
        .args([name, &TIMES.to_string()])
        .stdin(Stdio::null())
        .output()
        .context("valgrind cannot be run")?;
    let text = String::from_utf8_lossy(&output.stderr);
    // `==PID== Collected : N`
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    let count = count.filter(|count| output.status.success() && *count > 0);
    count.with_context(|| format!("valgrind counted nothing: {text}"))
}
