//! A walk through the tutorial on one server.

use std::time::Duration;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, bail};
use blackbox::{http::Response, server::Server};

use super::tutorial::{Act, Bearer, TUTORIAL, TutorialCall};
use crate::{
    report::{ERROR, FAINT, GOOD, SKIPPED},
    token::{self, ISSUER},
};

const COMMAND: Style = AnsiColor::Cyan.on_default();
/// How long the server may take to print where its issuer is, after it said that it listens.
const LINE: Duration = Duration::from_secs(5);
/// How long the log line of a refusal may take to come through the pipe.
const LOG: Duration = Duration::from_millis(300);

pub(super) struct Tour<'a> {
    server: &'a Server,
    issuer: String,
    /// The last token, and the name of the shell variable that stands for it.
    token: (&'static str, String),
    /// Lines of the server's log that have been shown.
    seen: usize,
}

impl<'a> Tour<'a> {
    pub(super) fn new(server: &'a Server) -> anyhow::Result<Self> {
        let line = server.stdout_line("issuer", LINE);
        let issuer = line.and_then(|line| {
            let url = line[line.find("http://")?..].split_whitespace().next()?;
            Some(url.to_owned())
        });
        let issuer = issuer.with_context(|| {
            let printed = server.stdout();
            format!("the server printed no line that names its development issuer; it printed:\n{printed}")
        })?;
        println!("{FAINT}development issuer {issuer}{FAINT:#}");
        Ok(Self {
            server,
            issuer,
            token: ("", String::new()),
            seen: server.stderr_lines(0).len(),
        })
    }

    /// Makes every request; gives the number of log lines shown.
    pub(super) fn walk(mut self) -> anyhow::Result<usize> {
        for act in TUTORIAL {
            match act {
                Act::Token {
                    about,
                    variable,
                    scope,
                    organization,
                } => {
                    println!("\n{about}");
                    self.token = (variable, self.get_token(variable, scope, *organization)?);
                }
                Act::Call(call) => self.call(call)?,
            }
        }
        Ok(self.seen)
    }

    fn get_token(
        &self,
        variable: &str,
        scope: &str,
        organization: Option<&str>,
    ) -> anyhow::Result<String> {
        let mut command = "cargo xtask token".to_owned();
        if self.issuer != ISSUER {
            command += &format!(" --issuer {}", self.issuer);
        }
        if !scope.is_empty() {
            command += &format!(" --scope '{scope}'");
        }
        if let Some(organization) = organization {
            command += &format!(" --organization {organization}");
        }
        show_command(&format!("{variable}=$({command})"));
        let token = token::fetch(&self.issuer, scope, organization)
            .context("no token from the server's development issuer")?;
        // The rest says nothing to a person.
        let beginning: String = token.chars().take(24).collect();
        println!("{beginning}... ({} characters)", token.len());
        Ok(token)
    }

    fn call(&mut self, call: &TutorialCall) -> anyhow::Result<()> {
        println!("\n{}", call.about);
        let base = self.server.base_url();
        let mut request = call.request();
        let mut curl = request.to_curl(&base);
        match call.bearer {
            Bearer::Nothing => {}
            Bearer::Text(text) => {
                request = request.bearer(text);
                curl = request.to_curl(&base);
            }
            Bearer::Token => {
                let (variable, token) = &self.token;
                request = request.bearer(token);
                // The variable instead of some 700 characters, in quotes in which shells expand it.
                curl += &format!(" -H \"Authorization: Bearer ${variable}\"");
            }
        }
        show_command(&curl);
        let answer = request
            .send(self.server.address())
            .context("the server gave no answer")?;
        show_answer(&answer);
        if let Some(difference) = call.difference(&answer) {
            let (method, target) = (request.method(), request.target());
            bail!("this is not what the tutorial promises: {method} {target}: {difference}");
        }
        self.show_log(answer.status() >= 400);
        Ok(())
    }

    /// What the operator sees meanwhile: a refusal is one line, written before its answer is sent.
    fn show_log(&mut self, expected: bool) {
        if expected {
            self.server.wait_for_stderr_lines(self.seen + 1, LOG);
        }
        let lines = self.server.stderr_lines(self.seen);
        self.seen += lines.len();
        for line in lines {
            println!("{FAINT}log: {line}{FAINT:#}");
        }
    }
}

/// A line to be pasted into a shell.
fn show_command(line: &str) {
    println!("{FAINT}${FAINT:#} {COMMAND}{line}{COMMAND:#}");
}

/// The status line, what says why, and the body.
fn show_answer(answer: &Response) {
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
