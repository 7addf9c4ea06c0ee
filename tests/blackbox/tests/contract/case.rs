//! A row of a table: one request, one expected answer.

use std::fmt::{self, Write as _};

use blackbox::{
    http::{Request, Response},
    server::Server,
};
use serde_json::Value;

use crate::{
    challenge::{self, Parameters},
    stage::{self, RESOURCE_METADATA},
};

/// Stands in every value that the caller chooses and that no answer may repeat.
pub(crate) const MARKER: &str = "zq9-marker";

/// One row.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: Request,
    pub(crate) expected: Expected,
}

/// What the answer has to be.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// This status and JSON body.
    Json(u16, Value),
    /// This status and text.
    Text(u16, &'static str),
    /// This status, whatever the body.
    Status(u16),
    /// This status for reasons that have nothing to do with tokens, in the form of a refusal's
    /// body.
    Problem(u16),
    /// A refusal: its status, the challenge's `error` and `scope`.
    Refusal {
        status: u16,
        error: Option<&'static str>,
        scope: Option<&'static str>,
    },
}

/// 401 without an error code: nobody tried. No scope is asked for.
pub(crate) const UNAUTHENTICATED: Expected = Expected::Refusal {
    status: 401,
    error: None,
    scope: None,
};
/// The same where a token needs this scope.
pub(crate) const NO_TOKEN_TO_READ: Expected = Expected::Refusal {
    status: 401,
    error: None,
    scope: Some("read:messages"),
};
/// The same where a token needs this scope.
pub(crate) const NO_TOKEN_TO_WRITE: Expected = Expected::Refusal {
    status: 401,
    error: None,
    scope: Some("write:messages"),
};
/// 400: the request is malformed.
pub(crate) const INVALID_REQUEST: Expected = Expected::Refusal {
    status: 400,
    error: Some("invalid_request"),
    scope: None,
};
/// 401: the token is no good.
pub(crate) const INVALID_TOKEN: Expected = Expected::Refusal {
    status: 401,
    error: Some("invalid_token"),
    scope: None,
};

/// 403: the token is good and lacks this scope.
pub(crate) const fn insufficient_scope(scope: &'static str) -> Expected {
    Expected::Refusal {
        status: 403,
        error: Some("insufficient_scope"),
        scope: Some(scope),
    }
}

pub(crate) fn case(name: &'static str, request: Request, expected: Expected) -> Case {
    Case {
        name,
        request,
        expected,
    }
}

/// Runs every row and reports all that fail, not just the first.
pub(crate) fn check_all(server: &Server, cases: &[Case]) {
    let mut failures = String::new();
    for case in cases {
        let answer = stage::send(server, &case.request);
        if let Err(difference) = case.check(&answer) {
            let _ = writeln!(
                failures,
                "{}: {difference}\n  {} {}\n  {answer:?}",
                case.name,
                case.request.method(),
                case.request.target(),
            );
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{failures}log:\n{}",
        server.name(),
        server.stderr()
    );
}

impl Case {
    fn check(&self, answer: &Response) -> Result<(), String> {
        match &self.expected {
            Expected::Status(status) => same("status", &answer.status(), status),
            Expected::Problem(status) => {
                same("status", &answer.status(), status)?;
                if answer.header("www-authenticate").is_some() {
                    return Err("a challenge, though no token would help".to_owned());
                }
                check_body(answer).map(|_| ())
            }
            Expected::Text(status, text) => {
                same("status", &answer.status(), status)?;
                same("body", answer.text().as_str(), text)
            }
            Expected::Json(status, body) => {
                same("status", &answer.status(), status)?;
                same("body", &json(answer)?, body)
            }
            Expected::Refusal {
                status,
                error,
                scope,
            } => {
                same("status", &answer.status(), status)?;
                let head_only = self.request.method() == "HEAD";
                check_refusal(answer, *error, *scope, Some(RESOURCE_METADATA), head_only)
            }
        }
    }
}

/// Holds everything but the status against the contract's part "Refusals".
pub(crate) fn check_refusal(
    answer: &Response,
    error: Option<&str>,
    scope: Option<&str>,
    resource_metadata: Option<&str>,
    head_only: bool,
) -> Result<(), String> {
    let header = |name| answer.header(name).ok_or(format!("no {name}"));
    same("cache-control", header("cache-control")?, "no-store")?;
    same(
        "number of challenges",
        &answer.header_values("www-authenticate").count(),
        &1,
    )?;
    let challenge = challenge::parse(header("www-authenticate")?)?;
    let description = challenge.get("error_description").cloned();

    let mut expected = Parameters::new();
    let mut insert = |name: &str, value: Option<&str>| {
        expected.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    };
    // The realm is the server's own choice, but there is one.
    insert(
        "realm",
        challenge.get("realm").map(String::as_str).or(Some("?")),
    );
    insert("error", error);
    // A description where there is an error: RFC 6750 section 3.
    insert(
        "error_description",
        error.and(description.as_deref().or(Some("?"))),
    );
    insert("scope", scope);
    insert("resource_metadata", resource_metadata);
    same("challenge", &challenge, &expected)?;

    // What RFC 6750 section 3 allows: no quotes, no backslashes, no control characters.
    let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    if let Some(text) = &description
        && (text.is_empty() || !text.chars().all(allowed))
    {
        return Err(format!("error_description {text:?}"));
    }
    let repeated = answer.text().contains(MARKER)
        || answer
            .headers()
            .iter()
            .any(|(_, value)| value.contains(MARKER));
    if repeated {
        return Err("the answer repeats what the caller sent".to_owned());
    }
    if head_only {
        return same("body", answer.text().as_str(), "");
    }
    let (code, in_body) = check_body(answer)?;
    same(
        "error in the body",
        code.as_str(),
        error.unwrap_or("unauthorized"),
    )?;
    match description {
        Some(description) => same("description in the body", &in_body, &description),
        None => Ok(()),
    }
}

/// The `error` and `error_description` of a body that has both and nothing else.
pub(crate) fn check_body(answer: &Response) -> Result<(String, String), String> {
    let content_type = answer.header("content-type").unwrap_or_default();
    same("content-type", content_type, "application/json")?;
    let cache_control = answer.header("cache-control").unwrap_or_default();
    same("cache-control", cache_control, "no-store")?;
    let body = json(answer)?;
    let members = body.as_object().ok_or("the body is no object")?;
    let text = |name: &str| {
        let text = members.get(name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    match (members.len(), text("error"), text("error_description")) {
        (2, Some(error), Some(description)) => Ok((error, description)),
        _ => Err(format!("body is {body}")),
    }
}

pub(crate) fn json(answer: &Response) -> Result<Value, String> {
    let text = answer.text();
    serde_json::from_str(&text).map_err(|error| format!("{text:?} is no JSON: {error}"))
}

fn same<T: PartialEq + fmt::Debug + ?Sized>(
    what: &str,
    is: &T,
    should_be: &T,
) -> Result<(), String> {
    match is == should_be {
        true => Ok(()),
        false => Err(format!("{what} is {is:?}, should be {should_be:?}")),
    }
}
