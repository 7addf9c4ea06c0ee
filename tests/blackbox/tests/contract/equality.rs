//! The three servers give the same answers, whether their policies are in code or in a file.

use blackbox::{
    http::{Request, Response},
    server::Server,
    servers::Framework,
};

use crate::{
    case::{self, Case, Expected, case},
    endpoints, organizations, preflight, refusals,
    stage::{self, Issuer, Subject},
    tokens,
};

#[test]
fn the_three_servers_answer_alike() {
    let issuer = Issuer::start();
    let subjects = [Subject::in_code, Subject::by_rules]
        .into_iter()
        .flat_map(|policies| Framework::ALL.map(policies));
    let servers: Vec<_> = subjects.map(|it| stage::ready(it, &issuer)).collect();
    let mut cases = endpoints::cases(&issuer);
    cases.extend(endpoints::no_messages(&issuer));
    cases.extend(organizations::cases(&issuer));
    cases.extend(refusals::cases(&issuer));
    cases.extend(tokens::refused_cases(&issuer));
    cases.extend(tokens::decided_cases(&issuer));
    cases.extend(undecided(&issuer));

    let mut differences = Vec::new();
    for Case { name, request, .. } in &cases {
        let answers: Vec<_> = servers.iter().map(|it| answer(it, request)).collect();
        if answers.iter().any(|it| *it != answers[0]) {
            differences.push((*name).to_owned());
            let named = servers.iter().zip(&answers);
            differences.extend(named.map(|(it, answer)| format!("  {} {answer}", it.name())));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Requests for which the contract names no answer; whatever it is, it is one.
fn undecided(issuer: &Issuer) -> Vec<Case> {
    let token = issuer.token().scope("read:messages write:messages").build();
    let with = |value: &[u8]| Request::get("/api/private").header("Authorization", value);
    let rows = [
        ("an empty header", with(b"")),
        (
            "a tab after Bearer",
            with(format!("Bearer\t{token}").as_bytes()),
        ),
        (
            "a comma after the token",
            with(format!("Bearer {token},").as_bytes()),
        ),
        ("bytes that are no text", with(b"Bearer \xff\xfe")),
        ("a scheme that is no text", with(b"\xff\xfe")),
        ("a parameter", with(b"Bearer realm=\"x\"")),
        (
            "no kid",
            Request::get("/api/me").bearer(issuer.token().kid(None).build()),
        ),
        ("preflight", preflight::preflight("/api/private")),
        (
            "preflight of a public endpoint",
            preflight::preflight("/api/public"),
        ),
        ("OPTIONS", Request::new("OPTIONS", "/api/private")),
        (
            "OPTIONS with a token",
            Request::new("OPTIONS", "/api/private").bearer(&token),
        ),
        (
            "preflight for an organization",
            preflight::preflight("/api/orgs/acme/messages"),
        ),
        (
            "OPTIONS for an organization",
            Request::new("OPTIONS", "/api/orgs/acme/messages"),
        ),
        (
            "OPTIONS for an organization with a token",
            Request::new("OPTIONS", "/api/orgs/acme/messages").bearer(&token),
        ),
        ("another method", Request::new("DELETE", "/api/private")),
        (
            "another method with a token",
            Request::new("DELETE", "/api/private").bearer(&token),
        ),
        (
            "metadata",
            Request::get("/.well-known/oauth-protected-resource"),
        ),
        ("who am I", Request::get("/api/me").bearer(&token)),
        ("no messages", Request::get("/api/messages").bearer(&token)),
    ];
    let answer_is_free = Expected::Status(0);
    rows.map(|(name, request)| case(name, request, answer_is_free.clone()))
        .into()
}

const HEADERS: [&str; 5] = [
    "www-authenticate",
    "cache-control",
    "content-type",
    "retry-after",
    "allow",
];

/// What users see of an answer, without what differs from one to the next.
fn answer(server: &Server, request: &Request) -> String {
    let answer = stage::send(server, request);
    let header = |name: &str| answer.header(name).unwrap_or("-").to_owned();
    let headers = HEADERS.map(|name| format!("{name}: {}", header(name)));
    format!(
        "{} {} {}",
        answer.status(),
        headers.join(", "),
        body(&answer)
    )
}

/// JSON as its value: the order of members is nobody's business.
fn body(answer: &Response) -> String {
    case::json(answer).map_or_else(|_| answer.text(), |value| value.to_string())
}
