//! The key server cannot be reached: "cannot decide" is not "no".

use authz_testkit::{Algorithm, SigningKey};
use blackbox::http::{Request, Response};

use crate::{
    case::{self, NO_TOKEN_TO_READ, case, check_all},
    stage::{self, Issuer, Subject},
};

pub(crate) fn down_at_the_start(subject: Subject) {
    let issuer = Issuer::start();
    let good = issuer.token().scope("read:messages").build();
    let private = Request::get("/api/private").bearer(&good);
    issuer.go_offline();
    let server = stage::configured(subject, &issuer).start().unwrap();

    assert_eq!(stage::get(&server, "/readyz").status(), 503);
    assert_eq!(stage::get(&server, "/healthz").text(), "ok");
    assert_eq!(stage::get(&server, "/api/public").status(), 200);
    let answer = stage::send(&server, &private);
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(unavailable(&answer), Ok(()));
    // Nothing has to be known about keys to refuse this one.
    check_all(
        &server,
        &[case(
            "no token",
            Request::get("/api/private"),
            NO_TOKEN_TO_READ,
        )],
    );

    let before = issuer.requests().jwks;
    issuer.go_online();
    issuer.wait_for_key_request(before);
    stage::wait_until_ready(&server);
    assert_eq!(stage::send(&server, &private).status(), 200);
}

pub(crate) fn down_later(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    issuer.go_offline();

    // The known key serves on,
    let good = issuer.token().scope("read:messages").build();
    let answer = stage::send(&server, &Request::get("/api/private").bearer(good));
    assert_eq!(answer.status(), 200);
    assert_eq!(stage::get(&server, "/readyz").status(), 200);
    // and a new one may well be good: only the key server could say.
    let unknown = issuer.token().key(&SigningKey::generate(Algorithm::RS256));
    let request = Request::get("/api/private").bearer(unknown.scope("read:messages").build());
    let answer = stage::send(&server, &request);
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(unavailable(&answer), Ok(()));
    // A token that is refused whatever its key is needs no key server.
    let expired = issuer.token().key(&SigningKey::generate(Algorithm::RS256));
    let request = Request::get("/api/private").bearer(expired.expires_in(-3600).build());
    assert_eq!(stage::send(&server, &request).status(), 401);
}

/// Holds the rest of a 503 against the contract.
pub(crate) fn unavailable(answer: &Response) -> Result<(), String> {
    let retry_after = answer.header("retry-after").ok_or("no Retry-After")?;
    match retry_after.parse::<u32>() {
        Ok(1..) => {}
        _ => return Err(format!("Retry-After {retry_after}")),
    }
    if answer.header("www-authenticate").is_some() {
        return Err("a challenge, though the caller did nothing wrong".to_owned());
    }
    case::check_body(answer).map(|_| ())
}
