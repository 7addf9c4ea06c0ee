//! `cargo xtask bench http`: the example servers over loopback, protected against unprotected.
//!
//! Both endpoints get the same request with the same token, in turns. Only one of them checks the token.
//!
//! Two figures are reported: requests per second, which need an idle machine, and the server's processor
//! time per request, which does not. The environment variable `QUICKSTART_BINARIES` names a folder with the
//! servers of another build, to compare two commits.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anstream::println;
use anyhow::Context as _;
use blackbox::{
    server::{Launch, Server},
    servers::{self, BINARIES, Framework},
};
use serde_json::json;

use super::{
    load::{Generator, Load, LoadTarget},
    measurements::Spread,
    results::folder,
};
use crate::{
    process::{STOP, build, find_program, root},
    report::{FAINT, HEADING},
    token::{self, AUDIENCE},
};

/// Requests per second and processor time of the example servers, protected against unprotected, over loopback
#[derive(Debug, clap::Args)]
pub(super) struct HttpBenchOptions {
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

/// How long a server may take to say where its issuer is.
const LINE: Duration = Duration::from_secs(15);

pub(super) fn run(options: &HttpBenchOptions) -> anyhow::Result<ExitCode> {
    // With the variable set, this finds the servers and builds nothing.
    let binaries = match env::var_os(BINARIES) {
        Some(_) => servers::build(&Framework::ALL)?,
        None => release_build()?,
    };
    let generator = Generator::find();
    let (rounds, seconds) = (options.rounds, options.seconds);
    println!(
        "load by {}, {rounds} rounds of {seconds} s",
        generator.name()
    );
    println!(
        "{HEADING}{:<10}{:>16}{:>16}{:>8}{:>26}{:>26}{:>8}{HEADING:#}",
        "server",
        "unprotected/s",
        "protected/s",
        "ratio",
        "unprotected, µs of CPU",
        "protected, µs of CPU",
        "ratio"
    );
    let mut ratios = BTreeMap::new();
    for (framework, binary) in Framework::ALL.into_iter().zip(&binaries) {
        let server = start(binary)?;
        let token = token(&issuer(&server)?)?;
        let ratio = measure(framework.name(), &server, &token, &generator, options)?;
        server.stop(STOP)?;
        ratios.insert(framework.name(), ratio);
    }
    if options.node {
        node(&binaries[0], &generator, options)?;
    }
    fs::write(folder()?.join("http.json"), json!(ratios).to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn release_build() -> anyhow::Result<Vec<PathBuf>> {
    let packages = Framework::ALL.map(|framework| format!("--package={}", framework.package()));
    let mut arguments = vec!["--release"];
    arguments.extend(packages.iter().map(String::as_str));
    build(Framework::ALL.map(Framework::package), &arguments)
}

/// One measurement of one endpoint.
struct Sample {
    per_second: f64,
    /// The server's processor time per request, in microseconds.
    processor: f64,
}

/// The protected endpoint's requests per second, as a fraction of the unprotected one's.
fn measure(
    name: &str,
    server: &Server,
    token: &str,
    generator: &Generator,
    options: &HttpBenchOptions,
) -> anyhow::Result<f64> {
    let sample = |path, seconds| -> anyhow::Result<Sample> {
        let address = server.address();
        let target = LoadTarget {
            address,
            path,
            token,
        };
        let time = || {
            server
                .processor_time()
                .map_or(f64::NAN, |it| it.as_secs_f64())
        };
        let before = time();
        let Load {
            requests,
            per_second,
        } = generator.run(target, seconds)?;
        let processor = (time() - before) * 1e6 / requests;
        Ok(Sample {
            per_second,
            processor,
        })
    };
    let public = |seconds| sample("/api/public", seconds);
    let private = |seconds| sample("/api/private", seconds);
    // The first requests fetch the keys and fill the cache.
    public(1)?;
    private(1)?;
    let (mut unprotected, mut protected) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        // Each comes first as often as the other.
        if round % 2 == 0 {
            unprotected.push(public(options.seconds)?);
            protected.push(private(options.seconds)?);
        } else {
            protected.push(private(options.seconds)?);
            unprotected.push(public(options.seconds)?);
        }
    }
    let column = |value: fn(&Sample) -> f64| {
        let ratios = protected.iter().zip(&unprotected);
        let ratios = ratios.map(|(closed, open)| value(closed) / value(open));
        [
            spread(unprotected.iter().map(value)),
            spread(protected.iter().map(value)),
            spread(ratios),
        ]
    };
    let [open, closed, ratio] = column(|it| it.per_second).map(|it| it.median);
    let [open_cpu, closed_cpu, cpu_ratio] = column(|it| it.processor);
    let cpu = |it: Spread| format!("{:.2} ({:.2} to {:.2})", it.median, it.low, it.high);
    println!(
        "{name:<10}{open:>16.0}{closed:>16.0}{ratio:>8.3}{:>26}{:>26}{:>8.3}",
        cpu(open_cpu),
        cpu(closed_cpu),
        cpu_ratio.median
    );
    Ok(ratio)
}

fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let nothing = Spread {
        low: f64::NAN,
        median: f64::NAN,
        high: f64::NAN,
    };
    Spread::of(values.collect()).unwrap_or(nothing)
}

/// The tutorial's own server, with the development issuer of one of ours.
fn node(binary: &Path, generator: &Generator, options: &HttpBenchOptions) -> anyhow::Result<()> {
    let scripts = root().join("tests/interop");
    if find_program("node").is_none() || !scripts.join("node_modules").is_dir() {
        println!(
            "{FAINT}express skipped: it needs Node.js, and `npm ci` in tests/interop{FAINT:#}"
        );
        return Ok(());
    }
    let ours = start(binary)?;
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

fn start(binary: &Path) -> anyhow::Result<Server> {
    let launch = Launch::new(binary).env("PORT", "0").env("RUST_LOG", "warn");
    launch.start().context("an example server does not start")
}

fn issuer(server: &Server) -> anyhow::Result<String> {
    let line = server.stdout_line("development issuer", LINE);
    let url = line
        .as_deref()
        .and_then(|line| line.split_whitespace().last());
    url.map(str::to_owned).with_context(|| {
        let printed = server.stdout();
        format!("the example server names no development issuer; it printed:\n{printed}")
    })
}

fn token(issuer: &str) -> anyhow::Result<String> {
    token::fetch(issuer, "read:messages", None).context("there is no token to send")
}
