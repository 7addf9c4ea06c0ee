//! The example servers against software that this repository did not write.
//!
//! - [`provider`]: the npm package `oidc-provider` issues the tokens.
//! - [`tutorial`]: the tutorial's own server, on its own libraries, gets the same requests.
//! - [`clients`]: the tutorial's calls by curl, Python and Node.
//!
//! `cargo xtask interop` looks for the tools, installs the npm packages and runs this. It prints
//! whatever is not as expected while it happens, a table, and a last line that the caller reads.

mod clients;
mod error;
mod provider;
mod servers;
mod tally;
mod tutorial;

use std::{
    error::Error as _,
    process::{Command, ExitCode},
};

use blackbox::{
    http::{Request, Response},
    server::Server,
};
use clap::{Parser, ValueEnum};
use tokio::runtime::Runtime;

use crate::{error::Error, servers::Binaries, tally::Tally};

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
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut tally = Tally::default();
    let result = run(&options, &mut tally);
    println!("\n{tally}");
    if let Err(error) = &result {
        println!("error: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            println!("  because: {cause}");
            source = cause.source();
        }
    }
    // A run that broke off is a failure whatever it found until then.
    let failed = tally.unexpected() + usize::from(result.is_err());
    println!(
        "{} answers as expected, {failed} otherwise",
        tally.expected()
    );
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn run(options: &Options, tally: &mut Tally) -> Result<(), Error> {
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    let binaries = Binaries::build()?;
    if wanted(Part::Provider) {
        provider::run(&binaries, tally)?;
    }
    if wanted(Part::Tutorial) {
        let runtime = Runtime::new().map_err(Error::Runtime)?;
        tutorial::run(&binaries, &runtime, tally)?;
    }
    if wanted(Part::Clients) {
        clients::run(&binaries, tally)?;
    }
    Ok(())
}

fn send(request: &Request, server: &Server) -> Result<Response, Error> {
    request
        .send(server.address())
        .map_err(|source| Error::NoAnswer {
            server: server.name().to_owned(),
            request: format!("{} {}", request.method(), request.target()),
            source,
        })
}

/// A text in a JSON object.
fn member(json: &str, name: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(json).ok()?;
    object.get(name)?.as_str().map(str::to_owned)
}

/// What a program that ends by itself prints.
fn output_of(program: &'static str, mut command: Command) -> Result<String, Error> {
    let output = command
        .output()
        .map_err(|source| Error::Program { program, source })?;
    if !output.status.success() {
        return Err(Error::Client {
            program,
            status: output.status.to_string(),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
