//! The tutorial's requests, one after the other, and what it says about their answers.

use std::time::Duration;

use anstream::println;
use blackbox::{
    http::{Request, Response},
    server::Server,
};

use super::{DemoError, show};
use crate::{
    report::FAINT,
    token::{self, AUDIENCE},
};

/// A walk through the tutorial on one server.
#[derive(Debug)]
pub(super) struct Tour<'a> {
    server: &'a Server,
    issuer: String,
    /// Lines of the server's log that have been shown.
    seen: usize,
}

/// What the tutorial promises about one answer.
struct Promise {
    status: u16,
    /// What `WWW-Authenticate` contains; it is absent where this is empty.
    challenge: &'static [&'static str],
    body: &'static str,
}

impl<'a> Tour<'a> {
    pub(super) fn new(server: &'a Server) -> Result<Self, DemoError> {
        let issuer = server
            .stdout_line("issuer", LINE)
            .and_then(|line| {
                let from = line.find("http://")?;
                let url = line[from..].split_whitespace().next()?;
                Some(url.to_owned())
            })
            .ok_or_else(|| DemoError::NoIssuer(server.stdout()))?;
        println!("{FAINT}development issuer {issuer}{FAINT:#}");
        Ok(Self {
            server,
            issuer,
            seen: server.stderr_lines(0).len(),
        })
    }

    /// Makes every request; gives the number of log lines shown.
    pub(super) fn walk(mut self) -> Result<usize, DemoError> {
        self.step(
            "Anybody may call the public endpoint.",
            &Request::get("/api/public"),
            &Promise {
                status: 200,
                challenge: &[],
                body: "Hello from a public endpoint!",
            },
        )?;
        self.step(
            "The private one needs an access token. Without one: 401, and no error code, because \
             nothing was wrong with a token.",
            &Request::get("/api/private"),
            &Promise {
                status: 401,
                challenge: &["Bearer ", "realm="],
                body: "unauthorized",
            },
        )?;
        self.step(
            "Something that is no token: 401 again, this time with the reason.",
            &Request::get("/api/private").bearer("not-a-token"),
            &Promise {
                status: 401,
                challenge: &["error=\"invalid_token\""],
                body: "invalid_token",
            },
        )?;
        let plain = self.token(
            "",
            "A client gets a token from the issuer, without any scope.",
        )?;
        self.step(
            "The token is good, but the endpoint wants the scope read:messages: 403.",
            &Request::get("/api/private").bearer(&plain),
            &Promise {
                status: 403,
                challenge: &["error=\"insufficient_scope\"", "scope=\"read:messages\""],
                body: "insufficient_scope",
            },
        )?;
        let reader = self.token("read:messages", "A token with the scope read:messages.")?;
        self.step(
            "Now it answers.",
            &Request::get("/api/private").bearer(&reader),
            &Promise {
                status: 200,
                challenge: &[],
                body: "Hello from a private endpoint!",
            },
        )?;
        self.step(
            "The same token reads messages,",
            &Request::get("/api/messages").bearer(&reader),
            &Promise {
                status: 200,
                challenge: &[],
                body: "[",
            },
        )?;
        self.step(
            "but it does not write them.",
            &message().bearer(&reader),
            &Promise {
                status: 403,
                challenge: &["error=\"insufficient_scope\"", "scope=\"write:messages\""],
                body: "insufficient_scope",
            },
        )?;
        let writer = self.token(
            "read:messages write:messages",
            "An administrator's token has both scopes.",
        )?;
        self.step(
            "It writes.",
            &message().bearer(&writer),
            &Promise {
                status: 201,
                challenge: &[],
                body: "Hello from the demo",
            },
        )?;
        self.step(
            "Any valid token may ask who it belongs to.",
            &Request::get("/api/me").bearer(&writer),
            &Promise {
                status: 200,
                challenge: &[],
                body: "write:messages",
            },
        )?;
        self.step(
            "Clients find out where tokens come from (RFC 9728).",
            &Request::get("/.well-known/oauth-protected-resource"),
            &Promise {
                status: 200,
                challenge: &[],
                body: "authorization_servers",
            },
        )?;
        Ok(self.seen)
    }

    fn token(&self, scope: &str, about: &str) -> Result<String, DemoError> {
        println!("\n{about}");
        show::command(&format!(
            "cargo xtask token --issuer {} --scope '{scope}'",
            self.issuer
        ));
        let options = token::Options {
            scope: vec![scope.to_owned()],
            issuer: self.issuer.clone(),
            audience: AUDIENCE.to_owned(),
            expires_in: None,
            client_id: "demo".to_owned(),
        };
        let token = token::fetch(&options)?;
        println!("{token}");
        Ok(token)
    }

    fn step(&mut self, about: &str, request: &Request, promise: &Promise) -> Result<(), DemoError> {
        println!("\n{about}");
        show::command(&request.to_curl(&self.server.base_url()));
        let answer = request.send(self.server.address())?;
        show::answer(&answer);
        if let Some(difference) = promise.difference(&answer) {
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

impl Promise {
    fn difference(&self, answer: &Response) -> Option<String> {
        if answer.status() != self.status {
            return Some(format!("status {}, not {}", answer.status(), self.status));
        }
        let challenge = answer.header("www-authenticate");
        let missing = |part: &&&str| !challenge.unwrap_or_default().contains(**part);
        if let Some(part) = self.challenge.iter().find(missing) {
            return Some(format!("WWW-Authenticate lacks {part}"));
        }
        if self.challenge.is_empty() && challenge.is_some() {
            return Some("a WWW-Authenticate header, where there should be none".to_owned());
        }
        let lacking = !answer.text().contains(self.body);
        lacking.then(|| format!("the body lacks {:?}", self.body))
    }
}

fn message() -> Request {
    Request::post("/api/messages").json(r#"{"text":"Hello from the demo"}"#)
}

/// How long the server may take to print where its issuer is, after it said that it listens.
const LINE: Duration = Duration::from_secs(5);
/// How long the log line of a refusal may take to come through the pipe.
const LOG: Duration = Duration::from_millis(300);
