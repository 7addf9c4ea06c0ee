//! Tokens that the issuer is asked about.

use std::{env, fs, process, thread};

use authz_testkit::{Algorithm, Fault, SigningKey, TokenBuilder};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use blackbox::{http::Request, server::Server};

use crate::{
    case::{Case, Expected, INVALID_TOKEN, case, check_all, insufficient_scope},
    outage,
    stage::{self, Issuer, Subject},
};

fn private(token: impl AsRef<str>) -> Request {
    Request::get("/api/private").bearer(token)
}

/// A server that asks this issuer about these tokens.
fn asking(subject: Subject, issuer: &Issuer, tokens: &str) -> Server {
    issuer.introspection_client("an api", "p&ss w:rd");
    let launch = stage::configured(subject, issuer)
        .env("AUTHZ_INTROSPECTION", tokens)
        .env("AUTHZ_CLIENT_ID", "an api")
        .env("AUTHZ_CLIENT_SECRET", "p&ss w:rd");
    stage::start_ready(launch)
}

fn good(issuer: &Issuer) -> TokenBuilder {
    issuer.token().scope("read:messages")
}

fn opaque_cases(issuer: &Issuer) -> Vec<Case> {
    let opaque = |token: TokenBuilder| private(issuer.opaque("", &token));
    let revoked = issuer.opaque("", &good(issuer));
    issuer.revoke(&revoked);
    vec![
        case("active", opaque(good(issuer)), Expected::Status(200)),
        case("inactive", private(revoked), INVALID_TOKEN),
        case("never issued", private("zq9-marker"), INVALID_TOKEN),
        case(
            "without aud",
            opaque(good(issuer).without("aud")),
            INVALID_TOKEN,
        ),
        case(
            "for another API",
            opaque(good(issuer).audience("https://other.example")),
            INVALID_TOKEN,
        ),
        case(
            "of another issuer",
            opaque(good(issuer).issuer("https://other.example")),
            INVALID_TOKEN,
        ),
        case(
            "without exp",
            opaque(good(issuer).without("exp")),
            Expected::Status(200),
        ),
        case(
            "bound to a key",
            opaque(good(issuer).bound_to(&SigningKey::generate(Algorithm::ES256))),
            INVALID_TOKEN,
        ),
        case(
            "without the scope",
            opaque(issuer.token().scope("write:messages")),
            insufficient_scope("read:messages"),
        ),
    ]
}

pub(crate) fn off(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let token = issuer.opaque("", &good(&issuer));
    check_all(&server, &[case("opaque", private(token), INVALID_TOKEN)]);
    assert_eq!(issuer.requests().introspection, 0);
}

pub(crate) fn opaque(subject: Subject) {
    let issuer = Issuer::start();
    let server = asking(subject, &issuer, "opaque");
    let cases = opaque_cases(&issuer);
    // The second time from memory.
    for _ in 0..2 {
        check_all(&server, &cases);
        assert_eq!(issuer.requests().introspection, cases.len());
    }
    let jwt = good(&issuer).build();
    check_all(
        &server,
        &[case("JWT", private(&jwt), Expected::Status(200))],
    );
    assert_eq!(issuer.requests().introspection, cases.len());
    assert!(!server.stderr().contains("p&ss"), "{}", server.stderr());
}

/// Authenticates with a signed assertion, and requires signed answers (RFC 9701).
pub(crate) fn signed(subject: Subject) {
    let issuer = Issuer::start();
    let der = SigningKey::shared(Algorithm::ES256).to_pkcs8().unwrap();
    let pem = STANDARD.encode(der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
    let name = format!(
        "authz-key-{}-{:?}.pem",
        process::id(),
        thread::current().id()
    );
    let path = env::temp_dir().join(name.replace(['(', ')'], ""));
    fs::write(&path, pem).unwrap();
    let launch = stage::configured(subject, &issuer)
        .env("AUTHZ_INTROSPECTION", "opaque")
        .env("AUTHZ_INTROSPECTION_SIGNED", "required")
        .env("AUTHZ_CLIENT_ID", "an api")
        .env("AUTHZ_CLIENT_KEY", &path);
    let server = stage::start_ready(launch);
    fs::remove_file(path).unwrap();
    check_all(&server, &opaque_cases(&issuer));
    // An answer that is not signed is not believed.
    let plain = r#"{"active":true}"#.as_bytes().to_vec();
    issuer.fault_introspection(Some(Fault::Respond {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: plain,
    }));
    let answer = stage::send(&server, &private("x"));
    assert_eq!(outage::unavailable(&answer), Ok(()), "{answer:?}");
}

pub(crate) fn always(subject: Subject) {
    let issuer = Issuer::start();
    let server = asking(subject, &issuer, "always");
    check_all(&server, &opaque_cases(&issuer));
    let revoked = good(&issuer).build();
    issuer.revoke(&revoked);
    let cases = [
        case("JWT", private(good(&issuer).build()), Expected::Status(200)),
        case("revoked JWT", private(revoked), INVALID_TOKEN),
        case(
            "forged JWT",
            private(
                good(&issuer)
                    .signed_by(&SigningKey::generate(Algorithm::RS256))
                    .build(),
            ),
            INVALID_TOKEN,
        ),
    ];
    let before = issuer.requests().introspection;
    check_all(&server, &cases);
    assert_eq!(issuer.requests().introspection - before, 3);
}

pub(crate) fn fallback(subject: Subject) {
    let issuer = Issuer::start();
    let server = asking(subject, &issuer, "fallback");
    check_all(&server, &opaque_cases(&issuer));
    let before = issuer.requests().introspection;
    // The issuer signs with a key that it does not publish.
    let published = issuer.key();
    issuer.use_key(&SigningKey::generate(Algorithm::RS256).with_kid("unpublished"));
    let cases = [
        case(
            "known key",
            private(good(&issuer).key(&published).build()),
            Expected::Status(200),
        ),
        case(
            "unknown key",
            private(good(&issuer).build()),
            Expected::Status(200),
        ),
        case(
            "nobody's key",
            private(
                good(&issuer)
                    .key(&SigningKey::generate(Algorithm::RS256))
                    .build(),
            ),
            INVALID_TOKEN,
        ),
    ];
    check_all(&server, &cases);
    assert_eq!(issuer.requests().introspection - before, 2);
}

pub(crate) fn down(subject: Subject) {
    let issuer = Issuer::start();
    let server = asking(subject, &issuer, "opaque");
    let [known, new, later] = [(); 3].map(|()| issuer.opaque("", &good(&issuer)));
    assert_eq!(stage::send(&server, &private(&known)).status(), 200);
    issuer.fault_introspection(Some(Fault::Status(500)));
    let answer = stage::send(&server, &private(&new));
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(outage::unavailable(&answer), Ok(()));
    issuer.fault_introspection(None);
    issuer.go_offline();
    let answer = stage::send(&server, &private(&later));
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(outage::unavailable(&answer), Ok(()));
    let cases = [
        case("known", private(&known), Expected::Status(200)),
        case("JWT", private(good(&issuer).build()), Expected::Status(200)),
        case("cannot be a token", private("a=b"), INVALID_TOKEN),
    ];
    check_all(&server, &cases);
    issuer.go_online();
    assert_eq!(stage::send(&server, &private(&later)).status(), 200);
}

/// A mistake in this API's configuration is not the caller's fault.
pub(crate) fn by_a_client_that_is_not_accepted(subject: Subject) {
    let issuer = Issuer::start();
    let server = asking(subject, &issuer, "opaque");
    issuer.introspection_client("an api", "another secret");
    let token = issuer.opaque("", &good(&issuer));
    let answer = stage::send(&server, &private(token));
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(outage::unavailable(&answer), Ok(()));
    let line = server
        .stderr_line("authz::introspection", stage::SOON)
        .unwrap();
    assert!(line.contains("ERROR") && !line.contains("p&ss"), "{line}");
}
