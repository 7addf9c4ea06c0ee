//! Tokens on the way through the servers. Which of them are good is the matter of the attacks' table.

use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use blackbox::http::Request;
use serde_json::json;

use crate::{
    case::{Case, Expected, INVALID_TOKEN, MARKER, case, check_all, insufficient_scope},
    stage::{self, Issuer, Subject},
};

fn private(token: impl AsRef<str>) -> Request {
    Request::get("/api/private").bearer(token)
}

pub(crate) fn refused_cases(issuer: &Issuer) -> Vec<Case> {
    let good = || issuer.token().scope("read:messages");
    let stranger = SigningKey::generate(Algorithm::RS256);
    let refused = |name, token: TokenBuilder| case(name, private(token.build()), INVALID_TOKEN);
    vec![
        case("not a JWT", private(MARKER), INVALID_TOKEN),
        refused("expired", good().expires_in(-3600)),
        refused("another key's signature", good().signed_by(&stranger)),
        // Newer keys are fetched before it is refused.
        refused("unknown kid", good().key(&stranger.with_kid(MARKER))),
        // HTTP libraries have limits of their own.
        refused("too long", good().claim("padding", "x".repeat(20_000))),
    ]
}

pub(crate) fn decided_cases(issuer: &Issuer) -> Vec<Case> {
    let good = || issuer.token().scope("read:messages");
    let plain = || issuer.token();
    let accepted =
        |name, token: TokenBuilder| case(name, private(token.build()), Expected::Status(200));
    vec![
        accepted("as RFC 9068 has it", good()),
        accepted("as Auth0 makes it", good().auth0_style()),
        accepted(
            "several scopes",
            plain().scope("a write:messages read:messages"),
        ),
        accepted(
            "scope as an array",
            plain().claim("scope", json!(["read:messages"])),
        ),
        accepted("scp as text", plain().claim("scp", "openid read:messages")),
        accepted(
            "scp as an array",
            plain().claim("scp", json!(["openid", "read:messages"])),
        ),
        // What the user may do, which is not what the client was granted: an option of the library
        // that the tutorial, whose API has scopes, does not use.
        case(
            "Auth0's permissions alone",
            private(plain().permissions(["read:messages"]).build()),
            insufficient_scope("read:messages"),
        ),
        case(
            "scopes that begin alike",
            private(plain().scope("read:messages2 read Read:messages").build()),
            insufficient_scope("read:messages"),
        ),
    ]
}

pub(crate) fn refused(subject: Subject) {
    let issuer = Issuer::start();
    check_all(&stage::ready(subject, &issuer), &refused_cases(&issuer));
}

pub(crate) fn decided_by_scope(subject: Subject) {
    let issuer = Issuer::start();
    check_all(&stage::ready(subject, &issuer), &decided_cases(&issuer));
}
