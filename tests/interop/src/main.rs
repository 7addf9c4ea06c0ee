//! The example servers against software that this repository did not write.
//!
//! - [`provider`]: the npm package `oidc-provider` issues the tokens.
//! - [`tutorial`]: the tutorial's own server, on its own libraries, gets the same requests.
//! - [`clients`]: the tutorial's calls by curl, Python and Node.
//! - [`provider::canaille`]: the PyPI package Canaille issues opaque tokens.
//! - [`proxies`]: nginx, HAProxy, Caddy, Traefik and Envoy pass client certificates on.
//!
//! It prints whatever is not as expected while it happens, a table, and a last line that
//! `cargo xtask test-all` reads.

mod calls;
mod clients;
mod provider;
mod proxies;
mod python;
mod servers;
mod tally;
mod tls;
mod tools;
mod tutorial;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tokio::runtime::Runtime;

use crate::{python::VirtualEnvironment, servers::Binaries, tally::Tally};

#[derive(Debug, Parser)]
#[command(
    name = "interop",
    about = "Compares the example servers with software that was not written here"
)]
struct Options {
    /// Run this part only; may be given more than once
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Provider,
    Tutorial,
    Clients,
    Canaille,
    Proxies,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(missing) = tools::missing() {
        println!("skipped: {missing}\n0 passed, 0 failed, 1 skipped");
        return ExitCode::FAILURE;
    }
    let mut tally = Tally::default();
    let result = run(&options, &mut tally);
    println!("\n{tally}");
    if let Err(error) = &result {
        println!("error: {error:#}");
    }
    // A run that broke off is a failure whatever it found until then.
    let failed = tally.unexpected() + usize::from(result.is_err());
    let (passed, skipped) = (tally.expected(), tally.skipped());
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    ExitCode::from(u8::from(failed > 0))
}

fn run(options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    blackbox::npm::install(&servers::scripts())?;
    let binaries = Binaries::build()?;
    let packages = match wanted(Part::Provider) || wanted(Part::Canaille) {
        true => VirtualEnvironment::install("packages")
            .inspect_err(|error| tally.skip("Canaille and pydpop", error))
            .ok(),
        false => None,
    };
    if wanted(Part::Provider) {
        provider::run(&binaries, packages.as_ref(), tally)?;
    }
    if wanted(Part::Tutorial) {
        tutorial::run(&binaries, &Runtime::new()?, tally)?;
    }
    if wanted(Part::Clients) {
        clients::run(&binaries, tally)?;
    }
    if let Some(packages) = packages.filter(|_| wanted(Part::Canaille)) {
        provider::canaille::run(&binaries, &packages, tally)?;
    }
    if wanted(Part::Proxies) {
        proxies::run(&binaries, &Runtime::new()?, tally)?;
    }
    Ok(())
}
