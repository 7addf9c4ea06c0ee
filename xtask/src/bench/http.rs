//! `cargo xtask bench http`: the example servers over loopback, protected against unprotected.
//!
//! Both endpoints get the same request with the same token, in turns: what differs is that one of
//! them looks at it.

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode, time::Duration};

use anstream::println;
use blackbox::{server::Server, servers::Framework};
use serde_json::{Value, json};

use super::{
    BenchError, folder,
    load::{Generator, Target},
    measurements::Spread,
    programs,
};
use crate::{
    process::{Launch, STOP, cargo, find_program, root},
    report::{FAINT, HEADING},
    token::{self, AUDIENCE},
};

/// Measure requests per second of the example servers over loopback
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The tutorial's Express server of tests/interop as well, where Node.js and its packages are there
    #[arg(long)]
    node: bool,
    /// How often each endpoint is measured
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=50))]
    rounds: u64,
    /// Seconds of each measurement
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

const PUBLIC: &str = "/api/public";
const PRIVATE: &str = "/api/private";
/// How long a server may take to say where its issuer is.
const LINE: Duration = Duration::from_secs(15);

pub(super) fn run(options: &Options) -> Result<ExitCode, BenchError> {
    let binaries = build()?;
    let generator = Generator::find();
    println!(
        "load by {}, {} rounds of {} s",
        generator.name(),
        options.rounds,
        options.seconds
    );
    println!(
        "{HEADING}{:<10}{:>16}{:>16}{:>10}{HEADING:#}",
        "server", "unprotected/s", "protected/s", "ratio"
    );
    let mut ratios = BTreeMap::new();
    for (framework, binary) in Framework::ALL.into_iter().zip(&binaries) {
        let server = Launch::new(binary)
            .env("PORT", "0")
            .env("RUST_LOG", "warn")
            .start()?;
        let token = token(&issuer(&server)?)?;
        let ratio = measure(framework.name(), &server, &token, &generator, options)?;
        server.stop(STOP)?;
        ratios.insert(framework.name(), ratio);
    }
    if options.node {
        node(&binaries[0], &generator, options)?;
    }
    let path = folder()?.join("http.json");
    fs::write(&path, json!(ratios).to_string())
        .map_err(|source| BenchError::Write { path, source })?;
    Ok(ExitCode::SUCCESS)
}

/// The protected endpoint's requests per second as a part of the unprotected one's.
fn measure(
    name: &str,
    server: &Server,
    token: &str,
    generator: &Generator,
    options: &Options,
) -> Result<f64, BenchError> {
    let target = |path| Target {
        address: server.address(),
        path,
        token,
    };
    // The first requests fetch the keys and fill the cache.
    for path in [PUBLIC, PRIVATE] {
        generator.run(target(path), 1)?;
    }
    let (mut unprotected, mut protected, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        // Each comes first as often as the other.
        let paths = if round % 2 == 0 {
            [PUBLIC, PRIVATE]
        } else {
            [PRIVATE, PUBLIC]
        };
        let one = generator.run(target(paths[0]), options.seconds)?;
        let other = generator.run(target(paths[1]), options.seconds)?;
        let (open, closed) = if round % 2 == 0 {
            (one, other)
        } else {
            (other, one)
        };
        unprotected.push(open);
        protected.push(closed);
        ratios.push(closed / open);
    }
    let median = |values| Spread::of(values).map_or(f64::NAN, |spread| spread.median);
    let ratio = median(ratios);
    println!(
        "{name:<10}{:>16.0}{:>16.0}{ratio:>10.3}",
        median(unprotected),
        median(protected)
    );
    Ok(ratio)
}

/// The tutorial's own server, with the development issuer of one of ours.
fn node(binary: &PathBuf, generator: &Generator, options: &Options) -> Result<(), BenchError> {
    let scripts = root().join("tests/interop");
    if find_program("node").is_none() || !scripts.join("node_modules").is_dir() {
        println!(
            "{FAINT}express skipped: it needs Node.js, and `npm ci` in tests/interop{FAINT:#}"
        );
        return Ok(());
    }
    let ours = Launch::new(binary).env("PORT", "0").start()?;
    let issuer = issuer(&ours)?;
    let token = token(&issuer)?;
    let keys = format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/'));
    let express = Launch::new("node")
        .name("express")
        .arg("tutorial.mjs")
        .env("PORT", "0")
        .env("ISSUER", issuer)
        .env("AUDIENCE", AUDIENCE)
        .env("JWKS_URI", keys)
        .env("NO_PROXY", "127.0.0.1")
        .directory(scripts)
        .start()?;
    measure("express", &express, &token, generator, options)?;
    express.stop(STOP)?;
    ours.stop(STOP)?;
    Ok(())
}

/// The example servers as they would be deployed.
fn build() -> Result<Vec<PathBuf>, BenchError> {
    let mut command = cargo();
    command.args([
        "build",
        "--release",
        "--message-format=json-render-diagnostics",
    ]);
    for framework in Framework::ALL {
        command.args(["--package", framework.package()]);
    }
    let messages = programs::output("cargo", command)?;
    let binary = |framework: Framework| {
        let built = messages.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let ours = message["target"]["name"] == framework.package();
            ours.then(|| message["executable"].as_str().map(PathBuf::from))?
        });
        built.ok_or(BenchError::NoBinary(framework.package()))
    };
    Framework::ALL.into_iter().map(binary).collect()
}

fn issuer(server: &Server) -> Result<String, BenchError> {
    let line = server.stdout_line("development issuer", LINE);
    let url = line
        .as_deref()
        .and_then(|line| line.split_whitespace().last());
    match url {
        Some(url) => Ok(url.to_owned()),
        None => Err(BenchError::NoIssuer(server.stdout())),
    }
}

fn token(issuer: &str) -> Result<String, BenchError> {
    Ok(token::fetch(&token::Options {
        scope: vec!["read:messages".to_owned()],
        issuer: issuer.to_owned(),
        audience: AUDIENCE.to_owned(),
        expires_in: None,
        client_id: "cargo-xtask".to_owned(),
    })?)
}
