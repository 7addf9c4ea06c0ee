//! The table, run through the core with both backends.

use std::collections::{HashMap, HashSet};

use attacks::{Attack, Attempt, Outcome, Server, server::KEY_SET, table};
use authz_core::{CryptoBackend, Policy, RequestParts};
use http::header::AUTHORIZATION;

const BACKENDS: [CryptoBackend; 2] = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto];

#[test]
fn has_enough_rows_with_names_of_their_own() {
    let rows = table::rows();
    let names: HashSet<_> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have the same name");
    assert!(rows.len() >= 200, "{} rows", rows.len());
    let refused = rows.iter().filter(|row| row.outcome != Outcome::Accepted);
    assert!(refused.count() >= 200, "of {} rows", rows.len());
}

#[test]
fn every_theme_has_a_good_twin_and_every_row_a_source() {
    for theme in table::themes() {
        let twins = theme
            .rows
            .iter()
            .filter(|row| row.outcome == Outcome::Accepted);
        assert!(twins.count() > 0, "{}: nothing is accepted", theme.name);
        for row in &theme.rows {
            assert!(!row.source.is_empty(), "{}", row.name);
            assert_eq!(
                row.outcome == Outcome::Accepted,
                row.name.starts_with("twin-"),
                "{}: a row that is accepted is called a twin, and no other",
                row.name
            );
        }
    }
}

#[tokio::test]
async fn every_row_comes_out_as_it_must_with_both_backends() {
    let mut wrong = Vec::new();
    for row in table::rows() {
        for backend in BACKENDS {
            if let Err(what) = check(&row, backend).await {
                wrong.push(format!("{} with {backend:?}: {what}", row.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Nothing that a caller sends comes back: rows with the same reason have the same answer.
#[tokio::test]
async fn an_answer_depends_on_the_reason_alone() {
    let mut answers = HashMap::new();
    for row in table::rows() {
        let attempt = row.attempt();
        let server = Server::new(&attempt, CryptoBackend::AwsLcRs);
        let request = attempt.request();
        let parts = RequestParts::from(&request);
        let decision = server.authorizer.authorize(&parts, &attempt.policy).await;
        let Err(rejection) = decision else {
            continue;
        };
        let scheme = request.headers().get(AUTHORIZATION);
        let is_proven = scheme.is_some_and(|it| it.as_bytes().starts_with(b"DPoP"));
        let kind = (rejection.reason(), attempt.dpop, is_proven);
        let (parts, body) = rejection.into_response::<String>().into_parts();
        let answer = (parts.status, parts.headers, body);
        let first = answers.entry(kind).or_insert_with(|| answer.clone());
        assert_eq!(answer, *first, "{}", row.name);
    }
}

async fn check(row: &Attack, backend: CryptoBackend) -> Result<(), String> {
    let attempt = row.attempt();
    let server = Server::new(&attempt, backend);
    let first = decide(&server, &attempt, &attempt.policy).await;
    if first != row.outcome {
        return Err(format!("{first:?} instead of {:?}", row.outcome));
    }
    let control = Attempt::token(&attempt.control);
    match decide(&server, &control, &attempt.policy).await {
        Outcome::Accepted => {}
        refused => return Err(format!("the control is {refused:?}")),
    }
    // Once more, with the cache warm and the key known to be unknown: the answer is the same,
    // though a signature that fits no key may by then count as one of a key that is not there.
    let again = decide(&server, &attempt, &attempt.policy).await;
    if again.status() != first.status() {
        return Err(format!("{again:?} the second time, {first:?} the first"));
    }
    match server.asked().iter().find(|address| *address != KEY_SET) {
        None => Ok(()),
        Some(address) => Err(format!("it was made to ask for {address}")),
    }
}

async fn decide(server: &Server, attempt: &Attempt, policy: &Policy) -> Outcome {
    let request = attempt.request();
    let parts = RequestParts::from(&request);
    let decision = server.authorizer.authorize(&parts, policy).await;
    match decision {
        Ok(_) => Outcome::Accepted,
        Err(rejection) => {
            let outcome = Outcome::Refused(rejection.reason());
            assert_eq!(
                rejection.status(),
                outcome.status(),
                "{:?}",
                rejection.reason()
            );
            outcome
        }
    }
}
