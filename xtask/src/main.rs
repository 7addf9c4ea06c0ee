//! The commands of this repository, run as `cargo xtask COMMAND`.

mod bench;
mod demo;
mod process;
mod report;
mod test_all;
mod token;

use std::process::ExitCode;

use anstream::eprintln;
use clap::{Parser, Subcommand};

use crate::report::ERROR;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The commands of the authz repository",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
struct Xtask {
    #[command(subcommand)]
    command: XtaskCommand,
}

#[derive(Debug, Subcommand)]
enum XtaskCommand {
    Demo(demo::DemoOptions),
    TestAll(test_all::TestAllOptions),
    Token(token::XtaskTokenOptions),
    /// Run the example servers against software that this repository did not write
    ///
    /// An OpenID provider and the tutorial's own server from npm, and clients in curl, Python and Node.
    /// Needs Node.js with npm, Python 3 and curl; the first run installs the npm packages.
    Interop {
        /// Run this part only; may be given several times
        #[arg(long, value_name = "PART", value_parser = ["provider", "tutorial", "clients"])]
        only: Vec<String>,
    },
    /// Test the development issuer's dashboard in a headless Chromium
    ///
    /// With each of the example servers as the API. Needs Chromium and Node.js with npm; the first run
    /// installs the npm packages.
    Browser {
        /// Save pictures of every view in this folder
        #[arg(long, value_name = "FOLDER")]
        screenshots: Option<String>,
        /// Only with this example server
        #[arg(long, value_name = "axum|warp|poem")]
        only: Option<String>,
    },
    /// Let clients on all cores run against an issuer that rotates its keys and fails at random
    ///
    /// At the end it says how many good tokens were refused and how many bad ones accepted, how many
    /// key sets were fetched, and whether memory grew. With `--fleet` it says whether a proof was accepted
    /// twice, and how soon proofs were accepted again.
    Soak {
        /// How long, in seconds
        #[arg(long, default_value_t = 20, value_name = "N")]
        seconds: u64,
        /// Send proofs to the three example servers, whose store is killed and frozen; needs valkey-server or
        /// redis-server
        #[arg(long)]
        fleet: bool,
    },
    Bench(bench::BenchOptions),
}

fn main() -> ExitCode {
    let result = match Xtask::parse().command {
        XtaskCommand::Demo(options) => demo::run(&options),
        XtaskCommand::TestAll(options) => test_all::run(&options),
        XtaskCommand::Token(options) => token::run(&options),
        XtaskCommand::Interop { only } => {
            let only = only.iter().map(|part| format!("--only={part}"));
            process::run_package("interop", &only.collect::<Vec<_>>())
        }
        XtaskCommand::Browser { screenshots, only } => {
            let screenshots = screenshots.map(|folder| format!("--screenshots={folder}"));
            let only = only.map(|framework| format!("--only={framework}"));
            let options: Vec<_> = screenshots.into_iter().chain(only).collect();
            process::run_package("browser", &options)
        }
        XtaskCommand::Soak { seconds, fleet } => {
            let fleet = fleet.then(|| "--fleet".to_owned());
            let options = [format!("--seconds={seconds}")].into_iter().chain(fleet);
            process::run_package("soak", &options.collect::<Vec<_>>())
        }
        XtaskCommand::Bench(options) => bench::run(&options),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{ERROR}error:{ERROR:#} {error}");
        for cause in error.chain().skip(1) {
            eprintln!("  because: {cause}");
        }
        ExitCode::FAILURE
    })
}
