//! The command `authz`: what happens around an API that uses these libraries, on one's own machine.

mod doctor;
mod explain;
mod issuer;
mod keys;
mod new;
#[cfg(test)]
mod reference;
mod rules;
mod source;
mod token;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Access tokens on your own machine: issue them, explain them, find out why one is refused
#[derive(Debug, Parser)]
#[command(name = "authz", version, propagate_version = true)]
struct Cli {
    /// Print JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Issuer(issuer::IssuerOptions),
    Token(token::TokenOptions),
    Doctor(doctor::DoctorOptions),
    Explain(explain::ExplainOptions),
    /// Check a table of rules, or print it
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    Keys(keys::KeysOptions),
    New(new::NewOptions),
    /// Print completions for a shell
    Completions {
        shell: clap_complete::Shell,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(Cli::parse()).await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn run(Cli { json, command }: Cli) -> anyhow::Result<ExitCode> {
    match command {
        Command::Issuer(options) => issuer::run(&options, json).await,
        Command::Token(options) => token::run(&options, json).await,
        Command::Doctor(options) => doctor::run(&options, json).await,
        Command::Explain(options) => explain::run(&options, json),
        Command::Rules(command) => rules::run(&command, json),
        Command::Keys(options) => keys::run(&options, json).await,
        Command::New(options) => new::run(&options),
        Command::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "authz", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}
