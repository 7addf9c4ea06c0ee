//! "Refusals": what stands where the token should.

use blackbox::http::Request;

use crate::{
    case::{
        Case, Expected, INVALID_REQUEST, INVALID_TOKEN, MARKER, NO_TOKEN_TO_READ,
        NO_TOKEN_TO_WRITE, case, check_all, check_refusal,
    },
    stage::{self, Issuer, Subject},
};

pub(crate) fn cases(issuer: &Issuer) -> Vec<Case> {
    let good = issuer.token().scope("read:messages").build();
    let private = || Request::get("/api/private");
    let with = |value: &str| private().header("Authorization", value);
    let ok = Expected::Status(200);
    vec![
        case("none", private(), NO_TOKEN_TO_READ),
        case("Basic", with("Basic dXNlcjpwYXNz"), NO_TOKEN_TO_READ),
        case("nothing after Bearer", with("Bearer"), INVALID_REQUEST),
        // As it comes off the wire.
        case(
            "two headers, the same",
            private().bearer(&good).bearer(&good),
            INVALID_REQUEST,
        ),
        case(
            "two headers in another order",
            private()
                .bearer(&good)
                .header("authorization", "Basic dXNlcjpwYXNz"),
            INVALID_REQUEST,
        ),
        case("good", with(&format!("Bearer {good}")), ok.clone()),
        case(
            "header in lower case",
            private().header("authorization", format!("Bearer {good}")),
            ok.clone(),
        ),
        case(
            "white space around the value",
            with(&format!("  Bearer {good} \t")),
            ok,
        ),
        // Not looked at unless the application asks for it.
        case(
            "token in the query",
            Request::get(format!("/api/private?access_token={good}")),
            NO_TOKEN_TO_READ,
        ),
        case(
            "token in the form",
            Request::post("/api/messages").form(format!("access_token={good}")),
            NO_TOKEN_TO_WRITE,
        ),
        // What is said about ourselves comes from the configuration.
        case(
            "another host",
            private().header("Host", format!("{MARKER}.example")),
            NO_TOKEN_TO_READ,
        ),
        case(
            "a forwarded host",
            private()
                .header("X-Forwarded-Host", format!("{MARKER}.example"))
                .header("Forwarded", format!("host={MARKER}.example;proto=http")),
            NO_TOKEN_TO_READ,
        ),
        case(
            "a parameter in the token",
            with(&format!("Bearer x\",realm=\"{MARKER}")),
            INVALID_TOKEN,
        ),
    ]
}

pub(crate) fn of_credentials(subject: Subject) {
    let issuer = Issuer::start();
    check_all(&stage::ready(subject, &issuer), &cases(&issuer));
}

/// Without a resource identifier, challenges name no metadata.
pub(crate) fn without_a_resource(subject: Subject) {
    let issuer = Issuer::start();
    let launch = stage::program(subject)
        .env("PORT", "0")
        .env("AUTHZ_ISSUER", issuer.issuer())
        .env("AUTHZ_AUDIENCE", issuer.audience());
    let server = stage::start_ready(launch);
    let answer = stage::get(&server, "/api/private");
    assert_eq!(answer.status(), 401);
    let refusal = check_refusal(&answer, None, Some("read:messages"), None, false);
    assert_eq!(refusal, Ok(()));
    // RFC 9728 section 3.2: a document without its resource is none.
    let metadata = Request::get("/.well-known/oauth-protected-resource");
    check_all(
        &server,
        &[case("metadata", metadata, Expected::Problem(404))],
    );
}
