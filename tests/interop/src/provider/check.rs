//! A request, and the answer that each of our servers has to give.

use blackbox::{
    http::{Request, Response},
    server::Server,
};
use serde_json::Value;

use crate::{
    calls,
    tally::{Tally, Verdict},
};

/// One request that is sent to every server.
#[derive(Debug)]
pub(super) struct Check {
    name: String,
    request: Request,
    expected: Expected,
    member: Option<(&'static str, Value)>,
}

/// A status, and the error code of the challenge (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    status: u16,
    error: Option<&'static str>,
}

pub(super) const OK: Expected = Expected {
    status: 200,
    error: None,
};
pub(super) const CREATED: Expected = Expected {
    status: 201,
    error: None,
};
pub(super) const NO_TOKEN: Expected = Expected {
    status: 401,
    error: None,
};
pub(super) const INVALID: Expected = Expected {
    status: 401,
    error: Some("invalid_token"),
};
pub(super) const NO_SCOPE: Expected = Expected {
    status: 403,
    error: Some("insufficient_scope"),
};

pub(super) fn check(name: &str, request: Request, expected: Expected) -> Check {
    Check {
        name: name.to_owned(),
        request,
        expected,
        member: None,
    }
}

impl Check {
    /// The answer is JSON with this value at this pointer (RFC 6901).
    pub(super) fn with_member(self, pointer: &'static str, value: impl Into<Value>) -> Self {
        let member = Some((pointer, value.into()));
        Self { member, ..self }
    }

    pub(super) fn run(
        &self,
        part: &'static str,
        server: &Server,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let answer = calls::send(&self.request, server)?;
        let verdict = match self.problem(&answer) {
            None => Verdict::Same,
            Some(problem) => {
                println!("  UNEXPECTED {}: {} {problem}", self.name, server.name());
                println!("    {}", self.request.to_curl(&server.base_url()));
                Verdict::Unexpected
            }
        };
        tally.count(part, server.name(), verdict);
        Ok(())
    }

    fn problem(&self, answer: &Response) -> Option<String> {
        if !self.expected.is(answer) {
            let expected = self.expected.told();
            return Some(format!("answered {}, expected {expected}", told(answer)));
        }
        let (pointer, value) = self.member.as_ref()?;
        let body: Value = serde_json::from_str(&answer.text()).unwrap_or_default();
        let found = body.pointer(pointer);
        (found != Some(value)).then(|| format!("says {found:?} at {pointer}, not {value}"))
    }
}

impl Expected {
    fn is(self, answer: &Response) -> bool {
        let challenge = answer.header("www-authenticate");
        let challenged = match (self.status, self.error) {
            (200..300, _) => true,
            (_, Some(error)) => {
                challenge.is_some_and(|value| value.contains(&format!("error=\"{error}\"")))
            }
            (_, None) => challenge.is_some_and(|value| !value.contains("error=")),
        };
        answer.status() == self.status && challenged
    }

    fn told(self) -> String {
        match self.error {
            Some(error) => format!("{} with error=\"{error}\"", self.status),
            None => self.status.to_string(),
        }
    }
}

fn told(answer: &Response) -> String {
    match answer.header("www-authenticate") {
        Some(challenge) => format!("{} with {challenge}", answer.status()),
        None => answer.status().to_string(),
    }
}
