//! A walk through the tutorial on one server.

use std::time::Duration;

use anstream::println;
use blackbox::server::Server;

use super::{
    DemoError, show,
    tutorial::{Act, Bearer, Call, TUTORIAL},
};
use crate::{
    report::FAINT,
    token::{self, AUDIENCE, ISSUER},
};

pub(super) struct Tour<'a> {
    server: &'a Server,
    issuer: String,
    /// The last token, and the name of the shell variable that stands for it.
    token: (&'static str, String),
    /// Lines of the server's log that have been shown.
    seen: usize,
}

impl<'a> Tour<'a> {
    pub(super) fn new(server: &'a Server) -> Result<Self, DemoError> {
        let issuer = server
            .stdout_line("issuer", LINE)
            .and_then(|line| {
                let url = line[line.find("http://")?..].split_whitespace().next()?;
                Some(url.to_owned())
            })
            .ok_or_else(|| DemoError::NoIssuer(server.stdout()))?;
        println!("{FAINT}development issuer {issuer}{FAINT:#}");
        Ok(Self {
            server,
            issuer,
            token: ("", String::new()),
            seen: server.stderr_lines(0).len(),
        })
    }

    /// Makes every request; gives the number of log lines shown.
    pub(super) fn walk(mut self) -> Result<usize, DemoError> {
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
    ) -> Result<String, DemoError> {
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
        show::command(&format!("{variable}=$({command})"));
        let subject = token::Subject {
            organization: organization.map(str::to_owned),
            role: Vec::new(),
        };
        let options = token::Options {
            scope: vec![scope.to_owned()],
            issuer: self.issuer.clone(),
            audience: AUDIENCE.to_owned(),
            expires_in: None,
            client_id: "demo".to_owned(),
        };
        let token = token::fetch_about(&subject, &options)?;
        show::token(&token);
        Ok(token)
    }

    fn call(&mut self, call: &Call) -> Result<(), DemoError> {
        println!("\n{}", call.about);
        let base = self.server.base_url();
        let request = call.request();
        let (request, curl) = match call.bearer {
            Bearer::Nothing => (request.clone(), request.to_curl(&base)),
            Bearer::Text(text) => {
                let request = request.bearer(text);
                (request.clone(), request.to_curl(&base))
            }
            Bearer::Token => {
                let (variable, token) = &self.token;
                // The variable instead of some 700 characters, in quotes in which shells expand it.
                let header = format!(" -H \"Authorization: Bearer ${variable}\"");
                (
                    request.clone().bearer(token),
                    request.to_curl(&base) + &header,
                )
            }
        };
        show::command(&curl);
        let answer = request.send(self.server.address())?;
        show::answer(&answer);
        if let Some(difference) = call.difference(&answer) {
            let call = format!("{} {}", request.method(), request.target());
            return Err(DemoError::Broken(format!("{call}: {difference}")));
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
        lines.iter().for_each(|line| show::log(line));
    }
}

/// How long the server may take to print where its issuer is, after it said that it listens.
const LINE: Duration = Duration::from_secs(5);
/// How long the log line of a refusal may take to come through the pipe.
const LOG: Duration = Duration::from_millis(300);
