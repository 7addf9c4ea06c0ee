//! `cargo xtask bench http`: the example servers over loopback, protected against unprotected.
//!
//! Both endpoints get the same request with the same token, in turns: what differs is that one of
//! them looks at it.

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode, time::Duration};

use anstream::println;
use anyhow::Context as _;
use blackbox::{
    server::{Launch, Server},
    servers::Framework,
};
use serde_json::json;

use super::{
    load::{Generator, Target},
    measurements::Spread,
    results::folder,
};
use crate::{
    process::{STOP, build, find_program, root},
    report::{FAINT, HEADING},
    token::{self, AUDIENCE},
};

/// Requests per second of the example servers, protected against unprotected, over loopback
#[derive(Debug, clap::Args)]
pub(super) struct Options {
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

pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let packages = Framework::ALL.map(|framework| format!("--package={}", framework.package()));
    let mut arguments = vec!["--release"];
    arguments.extend(packages.iter().map(String::as_str));
    let binaries = build(Framework::ALL.map(Framework::package), &arguments)?;

    let generator = Generator::find();
    let (rounds, seconds) = (options.rounds, options.seconds);
    println!(
        "load by {}, {rounds} rounds of {seconds} s",
        generator.name()
    );
    println!(
        "{HEADING}{:<10}{:>16}{:>16}{:>10}{HEADING:#}",
        "server", "unprotected/s", "protected/s", "ratio"
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

/// The protected endpoint's requests per second as a part of the unprotected one's.
fn measure(
    name: &str,
    server: &Server,
    token: &str,
    generator: &Generator,
    options: &Options,
) -> anyhow::Result<f64> {
    let load = |path, seconds| {
        let address = server.address();
        let target = Target {
            address,
            path,
            token,
        };
        generator.run(target, seconds)
    };
    let public = |seconds| load("/api/public", seconds);
    let private = |seconds| load("/api/private", seconds);
    // The first requests fetch the keys and fill the cache.
    public(1)?;
    private(1)?;
    let (mut unprotected, mut protected, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        // Each comes first as often as the other.
        let (open, closed) = if round % 2 == 0 {
            let open = public(options.seconds)?;
            (open, private(options.seconds)?)
        } else {
            let closed = private(options.seconds)?;
            (public(options.seconds)?, closed)
        };
        unprotected.push(open);
        protected.push(closed);
        ratios.push(closed / open);
    }
    let median = |values| Spread::of(values).map_or(f64::NAN, |spread| spread.median);
    let ratio = median(ratios);
    let (unprotected, protected) = (median(unprotected), median(protected));
    println!("{name:<10}{unprotected:>16.0}{protected:>16.0}{ratio:>10.3}");
    Ok(ratio)
}

/// The tutorial's own server, with the development issuer of one of ours.
fn node(binary: &Path, generator: &Generator, options: &Options) -> anyhow::Result<()> {
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
    let options = token::Options::new("cargo-xtask", issuer, "read:messages", None);
    token::fetch(&options).context("there is no token to send")
}
