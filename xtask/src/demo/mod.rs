//! `cargo xtask demo`: see the tutorial happen.
//!
//! The example server is started without any configuration: it brings its own development issuer,
//! so what happens here is what happens on `cargo run -p quickstart-axum`. Tokens come from that
//! issuer's token endpoint, as the tutorial's clients get them.

mod tour;
mod tutorial;

use std::{
    path::Path,
    process::ExitCode,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use anstream::{eprintln, println};
use anyhow::{Context as _, bail};
use blackbox::{
    server::{Launch, Server},
    servers::{self, Framework},
};
use clap::builder::{PossibleValuesParser, TypedValueParser};

use self::tour::Tour;
use crate::{
    process::STOP,
    report::{FAINT, GOOD, HEADING},
};

/// See the tutorial happen: a development issuer, an example server, and each request with its
/// answer
#[derive(Debug, clap::Args)]
pub(crate) struct DemoOptions {
    /// The example server; without it axum, or with --once all three in turn
    #[arg(value_name = "axum|warp|poem", value_parser = framework(), hide_possible_values = true)]
    framework: Option<Framework>,
    /// End after the last request instead of staying up until Ctrl-C
    #[arg(long)]
    once: bool,
    /// The server's port on 127.0.0.1; 3010 by default, a free one with --once
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

/// How long the server may take to print what it offers, after it said that it listens.
const LINE: Duration = Duration::from_secs(5);

/// Reads `axum`, `warp` or `poem`.
fn framework() -> impl TypedValueParser<Value = Framework> {
    PossibleValuesParser::new(Framework::ALL.map(Framework::name))
        .try_map(|name| name.parse::<Framework>())
}

pub(crate) fn run(options: &DemoOptions) -> anyhow::Result<ExitCode> {
    let frameworks = match (options.framework, options.once) {
        (Some(framework), _) => vec![framework],
        (None, true) => Framework::ALL.to_vec(),
        (None, false) => vec![Framework::Axum],
    };
    let port = options.port.unwrap_or(if options.once { 0 } else { 3010 });
    let interrupted = interrupts()?;

    let names: Vec<&str> = frameworks.iter().map(|one| one.package()).collect();
    eprintln!(
        "{FAINT}building {} and authz-cli{FAINT:#}",
        names.join(", ")
    );
    let binaries = servers::build(&frameworks)?;
    for (framework, binary) in frameworks.into_iter().zip(binaries) {
        let server = start(&binary, port, options.once)?;
        println!(
            "\n{HEADING}{} {}{HEADING:#}",
            framework.package(),
            server.base_url()
        );
        let seen = Tour::new(&server)?.walk()?;
        println!("\n{GOOD}All as the tutorial says.{GOOD:#}");
        if options.once {
            server.stop(STOP)?;
        } else {
            stay(server, seen, &interrupted)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn start(binary: &Path, port: u16, once: bool) -> anyhow::Result<Server> {
    let mut launch = Launch::new(binary).env("PORT", port.to_string());
    if !once {
        // For the dashboard: it shows why the server decided as it did.
        launch = launch.env("AUTHZ_INSPECTOR_PORT", "0");
    }
    launch.start().with_context(|| {
        format!(
            "the example server did not start; if port {port} is in use, choose one with --port"
        )
    })
}

/// Shows the server's log until Ctrl-C.
fn stay(server: Server, mut seen: usize, interrupted: &Receiver<()>) -> anyhow::Result<()> {
    if let Some(dashboard) = server.stdout_line("dashboard", LINE) {
        println!("{dashboard}: tokens, calls and their decisions in a browser");
    }
    println!(
        "The server stays up: paste any line above, or try your own. Its log follows; Ctrl-C ends \
         it.\n"
    );
    loop {
        let lines = server.stderr_lines(seen);
        seen += lines.len();
        for line in lines {
            println!("{FAINT}{line}{FAINT:#}");
        }
        match interrupted.recv_timeout(Duration::from_millis(100)) {
            Err(RecvTimeoutError::Timeout) if server.stdout_ended() => {
                bail!("the server ended by itself; its log:\n{}", server.stderr());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    println!("stopping");
    server.stop(STOP)?;
    Ok(())
}

/// Ctrl-C, as a message instead of the end of this process: the server is to be stopped first.
fn interrupts() -> anyhow::Result<Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Nobody listens any more only when the command is about to end.
        let _ = sender.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(receiver)
}
