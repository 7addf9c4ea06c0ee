//! Runs a command so that a person sees its output as it comes and the caller reads it too.

use std::{
    io::{self, BufRead as _, BufReader, IsTerminal as _},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anstream::{adapter::strip_str, println};

use crate::report::FAINT;

/// A command that says nothing for this long is said to be still running.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Runs `command`, showing each line and giving it, without colours, to `on_line`.
pub(crate) fn run(mut command: Command, mut on_line: impl FnMut(&str)) -> io::Result<ExitStatus> {
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
    let reading = thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while matches!(output.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line);
            let sent = sender.send(text.trim_end_matches(['\r', '\n']).to_owned());
            if sent.is_err() {
                break;
            }
            line.clear();
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
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // It has ended: that is what disconnected the channel.
    let _ = reading.join();
    child.wait()
}
