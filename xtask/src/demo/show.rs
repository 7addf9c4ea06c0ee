//! How requests and answers look.

use anstream::println;
use anstyle::{AnsiColor, Style};
use blackbox::http::Response;

use crate::report::{ERROR, FAINT, GOOD, SKIPPED};

/// A line to be pasted into a shell.
pub(super) fn command(line: &str) {
    println!("{FAINT}${FAINT:#} {COMMAND}{line}{COMMAND:#}");
}

/// The beginning of a token, which says nothing to a person anyway.
pub(super) fn token(token: &str) {
    let beginning: String = token.chars().take(24).collect();
    println!("{beginning}... ({} characters)", token.len());
}

/// The status line, what says why, and the body.
pub(super) fn answer(answer: &Response) {
    let style = match answer.status() {
        200..300 => GOOD,
        400..500 => SKIPPED,
        _ => ERROR,
    };
    println!("{style}{}{style:#}", answer.status_line());
    for value in answer.header_values("www-authenticate") {
        println!("WWW-Authenticate: {value}");
    }
    for line in answer.text().lines() {
        println!("{line}");
    }
}

/// A line of the server's log.
pub(super) fn log(line: &str) {
    println!("{FAINT}log: {line}{FAINT:#}");
}

const COMMAND: Style = AnsiColor::Cyan.on_default();
