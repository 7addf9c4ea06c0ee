//! Starting other programs.

use std::{
    env,
    io::{self, BufRead as _, BufReader, IsTerminal as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anstream::{adapter::strip_str, println};
use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::report::FAINT;

/// How long a server may take to end once it has been asked to.
pub(crate) const STOP: Duration = Duration::from_secs(15);

/// A command that says nothing for this long is said to be still running.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The repository's folder, wherever the command was called from.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The cargo that runs this command, to be run in the repository's folder.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command.stdin(Stdio::null());
    command
}

/// Where a program of this name is, when it can be run.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path)
        .map(|folder| folder.join(&file))
        .find(|program| program.is_file())
}

/// Runs a package of the workspace in the place of this command.
pub(crate) fn run_package(package: &str, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let mut command = cargo(["run", "--quiet", "--package", package, "--"]);
    let status = command
        .args(arguments)
        .status()
        .context("cargo cannot be run")?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Runs a command whose progress on stderr a person sees, and takes what it prints to stdout.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{name} cannot be run"))?;
    ensure!(
        output.status.success(),
        "{name} ended with {}; its own messages above say why",
        output.status
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Builds binaries, and gives their paths in the order of the names.
pub(crate) fn build<const N: usize>(
    names: [&str; N],
    arguments: &[&str],
) -> anyhow::Result<Vec<PathBuf>> {
    let mut command = cargo(["build", "--message-format=json-render-diagnostics"]);
    let messages = output(command.args(arguments))?;
    let messages: Vec<Value> = (messages.lines())
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let path = |name: &str| {
        let mut built = messages.iter().filter(|it| it["target"]["name"] == name);
        built.find_map(|message| message["executable"].as_str().map(PathBuf::from))
    };
    let binary = |name| path(name).with_context(|| format!("cargo built no binary {name}"));
    names.into_iter().map(binary).collect()
}

/// Runs a command, showing each line as it comes and giving it, without colours, to `on_line`.
pub(crate) fn stream(
    mut command: Command,
    mut on_line: impl FnMut(&str),
) -> io::Result<ExitStatus> {
    let began = Instant::now();
    // One pipe for both outputs keeps the lines in their order, which says what belongs to what.
    let (output, input) = io::pipe()?;
    let color = match io::stdout().is_terminal() {
        true => "always",
        false => "never",
    };
    command
        .env("CARGO_TERM_COLOR", color)
        .stdin(Stdio::null())
        .stdout(input.try_clone()?)
        .stderr(input);
    let mut child = command.spawn()?;
    // The command holds the pipe's writing end: while it lives, the output does not end.
    drop(command);

    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        match lines.recv_timeout(HEARTBEAT) {
            Ok(line) => {
                println!("{line}");
                on_line(&strip_str(&line).to_string());
            }
            Err(RecvTimeoutError::Timeout) => {
                let seconds = began.elapsed().as_secs();
                println!("{FAINT}    still running after {seconds} s{FAINT:#}");
            }
            Err(RecvTimeoutError::Disconnected) => return child.wait(),
        }
    }
}
