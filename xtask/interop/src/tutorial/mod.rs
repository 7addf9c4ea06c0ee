//! The tutorial's own server next to ours: the same requests to all four, the statuses compared.

mod differences;
mod mint;
#[cfg(test)]
mod page;
mod requests;

use authz_testkit::{Algorithm, DevIssuer};
use blackbox::{
    http::{Request, Response},
    server::{Server, StartError},
};
use tokio::runtime::Runtime;

use self::{
    mint::Mint,
    requests::{Expected, Row},
};
use crate::{
    error::Error,
    servers::{self, Binaries},
    tally::{Tally, Verdict},
};

const PART: &str = "tutorial";

/// Sends every request to the four servers.
pub(crate) fn run(binaries: &Binaries, runtime: &Runtime, tally: &mut Tally) -> Result<(), Error> {
    let starting = DevIssuer::builder()
        .algorithms([Algorithm::RS256, Algorithm::ES256])
        .start();
    let issuer = runtime.block_on(starting)?;
    let mint = Mint::new(issuer).ok_or_else(|| {
        let reason = "it has no RS256 or ES256 key".to_owned();
        Error::Unusable("the development issuer", reason)
    })?;

    let mut theirs = start_theirs(&mint)?;
    let ours = binaries.start(&[
        ("AUTHZ_ISSUER", mint.issuer()),
        ("AUTHZ_AUDIENCE", mint.audience()),
    ])?;

    let rows = requests::all();
    println!(
        "\ntutorial: {} requests to express-jwt and to each of our servers",
        rows.len()
    );
    for row in &rows {
        let (their_status, our_status, verdict) = expectation(row)?;
        let their_answer = match their_status {
            Some(status) => Some(ask(row, &mint, &theirs, status, Verdict::Same, tally)?),
            None => {
                crash(row, &mint, &theirs, tally);
                theirs = start_theirs(&mint)?;
                None
            }
        };
        for server in &ours {
            let answer = ask(row, &mint, server, our_status, verdict, tally)?;
            if let (Some(their_answer), Verdict::Same) = (&their_answer, verdict) {
                compare_messages(row, server, their_answer, &answer, tally);
            }
        }
    }

    servers::stop(theirs)?;
    ours.into_iter().try_for_each(servers::stop)?;
    Ok(())
}

fn start_theirs(mint: &Mint) -> Result<Server, StartError> {
    let environment = [
        ("ISSUER", mint.issuer()),
        ("AUDIENCE", mint.audience()),
        ("JWKS_URI", &mint.jwks_uri()),
    ];
    servers::start_script("express-jwt", "tutorial.mjs", &environment)
}

/// Their status, ours, and what it means when ours answer with it.
fn expectation(row: &Row) -> Result<(Option<u16>, u16, Verdict), Error> {
    match row.expected {
        Expected::Same(status) => Ok((Some(status), status, Verdict::Same)),
        Expected::Differs(name) => {
            let known = differences::named(name).ok_or_else(|| {
                Error::Unusable(row.name, format!("{name} is no known difference"))
            })?;
            Ok((known.theirs, known.ours, Verdict::Difference))
        }
    }
}

/// Sends the request as often as it says; the last answer counts.
fn ask(
    row: &Row,
    mint: &Mint,
    server: &Server,
    status: u16,
    as_expected: Verdict,
    tally: &mut Tally,
) -> Result<Response, Error> {
    for _ in 1..row.times {
        crate::send(&row.request(mint), server)?;
    }
    let request = row.request(mint);
    let answer = crate::send(&request, server)?;
    let verdict = match answer.status() == status {
        true => as_expected,
        false => {
            let got = format!("answered {}, expected {status}", answer.status());
            unexpected(row, server, &got, Some(&request))
        }
    };
    tally.count(PART, server.name(), verdict);
    Ok(answer)
}

/// A request that ends the process of the tutorial's server.
fn crash(row: &Row, mint: &Mint, server: &Server, tally: &mut Tally) {
    let request = row.request(mint);
    let verdict = match crate::send(&request, server) {
        Err(_) => Verdict::Same,
        Ok(answer) => {
            let got = format!("answered {}, expected no answer", answer.status());
            unexpected(row, server, &got, Some(&request))
        }
    };
    tally.count(PART, server.name(), verdict);
}

/// The tutorial's endpoints answer with messages that its readers compare with the page.
fn compare_messages(
    row: &Row,
    server: &Server,
    theirs: &Response,
    ours: &Response,
    tally: &mut Tally,
) {
    let same = crate::member(&theirs.text(), "message") == crate::member(&ours.text(), "message");
    if theirs.status() == 200 && ours.status() == 200 && !same {
        let got = format!("says {:?}, the tutorial's {:?}", ours.text(), theirs.text());
        let verdict = unexpected(row, server, &got, None);
        tally.count(PART, server.name(), verdict);
    }
}

fn unexpected(row: &Row, server: &Server, got: &str, request: Option<&Request>) -> Verdict {
    println!("  UNEXPECTED {}: {} {got}", row.name, server.name());
    if let Some(request) = request {
        println!("    {}", request.to_curl(&server.base_url()));
    }
    Verdict::Unexpected
}
