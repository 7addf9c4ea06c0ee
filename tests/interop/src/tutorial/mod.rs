//! The tutorial's own server next to ours: the same requests to all four, the statuses compared.

mod differences;
mod mint;
#[cfg(test)]
mod page;
mod requests;

use anyhow::Context as _;
use authz_testkit::{Algorithm, DevIssuer};
use blackbox::{
    http::{Request, Response},
    server::Server,
};
use tokio::runtime::Runtime;

use self::{
    mint::Mint,
    requests::{Expected, Row},
};
use crate::{
    calls,
    servers::{self, Binaries},
    tally::{Tally, Verdict},
};

const PART: &str = "tutorial";

/// Sends every request to the four servers.
pub(crate) fn run(binaries: &Binaries, runtime: &Runtime, tally: &mut Tally) -> anyhow::Result<()> {
    let starting = DevIssuer::builder()
        .algorithms([Algorithm::RS256, Algorithm::ES256])
        .start();
    let issuer = runtime.block_on(starting)?;
    let mint = Mint::new(issuer).context("the development issuer has no RS256 or ES256 key")?;

    let mut theirs = start_theirs(&mint)?;
    let ours = binaries.start(&[
        ("AUTHZ_ISSUER", mint.issuer()),
        ("AUTHZ_AUDIENCE", mint.audience()),
    ])?;

    ours.iter().try_for_each(servers::wait_until_ready)?;

    let rows = requests::all();
    println!(
        "\ntutorial: {} requests to express-jwt and to each of our servers",
        rows.len()
    );
    for row in &rows {
        let (their_status, our_status, as_expected) = expectation(row)?;
        let mut their_answer = None;
        match their_status {
            Some(status) => {
                let (request, answer) = send(row, &mint, &theirs)?;
                let problem = other_status(&answer, status);
                record(row, &theirs, &request, problem, Verdict::Same, tally);
                their_answer = Some(answer);
            }
            None => {
                let request = row.request(&mint);
                let problem = calls::send(&request, &theirs)
                    .ok()
                    .map(|answer| format!("answered {}, expected no answer", answer.status()));
                record(row, &theirs, &request, problem, Verdict::Same, tally);
                theirs = start_theirs(&mint)?;
            }
        }
        for server in &ours {
            let (request, answer) = send(row, &mint, server)?;
            let problem = other_status(&answer, our_status)
                .or_else(|| no_challenge(&answer))
                .or_else(|| other_message(&answer, their_answer.as_ref()));
            record(row, server, &request, problem, as_expected, tally);
        }
    }

    servers::stop(theirs)?;
    ours.into_iter().try_for_each(servers::stop)?;
    Ok(())
}

fn start_theirs(mint: &Mint) -> anyhow::Result<Server> {
    let environment = [
        ("ISSUER", mint.issuer()),
        ("AUDIENCE", mint.audience()),
        ("JWKS_URI", &mint.jwks_uri()),
    ];
    servers::start_script("express-jwt", "tutorial.mjs", &environment)
}

/// Their status, ours, and what it means when ours answer with it.
fn expectation(row: &Row) -> anyhow::Result<(Option<u16>, u16, Verdict)> {
    match row.expected {
        Expected::Same(status) => Ok((Some(status), status, Verdict::Same)),
        Expected::Differs(name) => {
            let known = differences::named(name)
                .with_context(|| format!("{}: {name} is no known difference", row.name))?;
            Ok((known.theirs, known.ours, Verdict::Difference))
        }
    }
}

/// Sends the request as often as it says; the last answer counts.
fn send(row: &Row, mint: &Mint, server: &Server) -> anyhow::Result<(Request, Response)> {
    for _ in 1..row.times {
        calls::send(&row.request(mint), server)?;
    }
    let request = row.request(mint);
    let answer = calls::send(&request, server)?;
    Ok((request, answer))
}

fn record(
    row: &Row,
    server: &Server,
    request: &Request,
    problem: Option<String>,
    as_expected: Verdict,
    tally: &mut Tally,
) {
    let verdict = match problem {
        None => as_expected,
        Some(problem) => {
            println!("  UNEXPECTED {}: {} {problem}", row.name, server.name());
            println!("    {}", request.to_curl(&server.base_url()));
            Verdict::Unexpected
        }
    };
    tally.count(PART, server.name(), verdict);
}

fn other_status(answer: &Response, expected: u16) -> Option<String> {
    let status = answer.status();
    (status != expected).then(|| format!("answered {status}, expected {expected}"))
}

/// The page of differences promises it: whoever is refused is told how to be let in.
fn no_challenge(answer: &Response) -> Option<String> {
    let challenged = answer
        .header("www-authenticate")
        .is_some_and(|challenge| challenge.starts_with("Bearer "));
    let refused = matches!(answer.status(), 401 | 403);
    (refused && !challenged).then(|| format!("answered {} without a challenge", answer.status()))
}

/// The tutorial's endpoints answer with messages that its readers compare with the page.
fn other_message(ours: &Response, theirs: Option<&Response>) -> Option<String> {
    let theirs = theirs.filter(|theirs| theirs.status() == 200 && ours.status() == 200)?;
    let (ours, theirs) = (ours.text(), theirs.text());
    let same = calls::member(&ours, "message") == calls::member(&theirs, "message");
    (!same).then(|| format!("says {ours:?}, the tutorial's server {theirs:?}"))
}
