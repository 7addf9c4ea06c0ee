//! "Refusals": tokens that are no good, one reason each, and tokens that are good after all.

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
    let ec = SigningKey::generate(Algorithm::ES256);
    // RFC 8725 section 2.1: the public key taken for a shared secret.
    let confused = SigningKey::hmac(Algorithm::HS256, issuer.key().public_pem());
    let refused = |name, token: String| case(name, private(token), INVALID_TOKEN);
    let built = |name, token: TokenBuilder| refused(name, token.build());
    let text = good().build();
    let parts: Vec<&str> = text.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let unsigned = |alg: &str| good().header("alg", alg).signature([]).build();
    vec![
        // Not a compact JWS: RFC 7515 section 7.1.
        refused("no dots", MARKER.to_owned()),
        refused("two parts", format!("{header}.{payload}")),
        refused("four parts", format!("{text}.{signature}")),
        refused(
            "five parts, an encrypted token",
            format!("{header}.{MARKER}.{MARKER}.{MARKER}.{MARKER}"),
        ),
        refused("empty parts", "..".to_owned()),
        refused("not base64url", format!("{header}.{payload}.%%%")),
        refused("padding", format!("{text}==")),
        refused(
            "header is no JSON",
            format!("{MARKER}.{payload}.{signature}"),
        ),
        built("header is an array", good().raw_header("[]")),
        built("payload is null", good().raw_payload("null")),
        built("payload is no JSON", good().raw_payload(MARKER)),
        built("a claim twice", good().raw_payload(duplicated(&good()))),
        refused(
            "too long",
            good().claim("padding", "x".repeat(20_000)).build(),
        ),
        // Forged.
        built("another key's signature", good().signed_by(&stranger)),
        built("no signature", good().signature([])),
        built("a signature of zeros", good().signature([0; 256])),
        refused(
            "payload changed",
            format!("{header}.{}.{signature}", changed(payload)),
        ),
        refused(
            "signature changed",
            format!("{header}.{payload}.{}", changed(signature)),
        ),
        built(
            "another key in the header",
            good().key(&stranger).header("jwk", stranger.public_jwk()),
        ),
        built(
            "another key's address in the header",
            good()
                .key(&stranger)
                .header("jku", format!("http://127.0.0.1:9/{MARKER}")),
        ),
        refused("alg none", unsigned("none")),
        refused("alg None", unsigned("None")),
        refused("alg NONE", unsigned("NONE")),
        refused("alg nOnE", unsigned("nOnE")),
        built("alg missing", good().without_header("alg")),
        built("alg unknown", good().header("alg", MARKER)),
        built(
            "the public key as secret",
            good().header("alg", "HS256").signed_by(&confused),
        ),
        // Good signatures, but not with an accepted algorithm or a published key.
        built("ES256 where RS256 is accepted", good().key(&ec)),
        built(
            "RS512 where RS256 is accepted",
            good().key(&issuer.key().with_algorithm(Algorithm::RS512)),
        ),
        built(
            "unknown kid",
            good().key(&stranger.clone().with_kid(MARKER)),
        ),
        // Time: RFC 7519 sections 4.1.4 to 4.1.6.
        built("expired", good().expires_in(-3600)),
        built("expired beyond the leeway", good().expires_in(-90)),
        built("no exp", good().without("exp")),
        built("exp as text", good().claim("exp", MARKER)),
        built("exp as null", good().claim("exp", json!(null))),
        built("not yet valid", good().not_before_in(3600)),
        built("issued in the future", good().issued_in(3600)),
        // Issuer and audience.
        built(
            "another issuer",
            good().issuer(format!("https://{MARKER}.example/")),
        ),
        built(
            "issuer without its slash",
            good().issuer(issuer.issuer().trim_end_matches('/')),
        ),
        built(
            "issuer with more after it",
            good().issuer(format!("{}{MARKER}", issuer.issuer())),
        ),
        built("no issuer", good().without("iss")),
        built("issuers", good().claim("iss", json!([issuer.issuer()]))),
        built(
            "another audience",
            good().audience(format!("https://{MARKER}.example")),
        ),
        built(
            "audience with more after it",
            good().audience(format!("{}/more", issuer.audience())),
        ),
        built(
            "part of the audience",
            good().audience("https://quickstart.example"),
        ),
        built("no audience", good().without("aud")),
        built("empty audience", good().audience(json!([]))),
        built("audience is no text", good().audience(7)),
        // Type: RFC 8725 section 3.11.
        built("an ID token's type", good().typ(Some("id+jwt"))),
        built("a logout token", good().typ(Some("logout+jwt"))),
        built("a DPoP proof", good().typ(Some("dpop+jwt"))),
        built("an unknown type", good().typ(Some(MARKER))),
        // RFC 7515 section 4.1.11 and RFC 7797.
        built(
            "an unknown crit",
            good().header("crit", json!([MARKER])).header(MARKER, 1),
        ),
        built("an empty crit", good().header("crit", json!([]))),
        built(
            "b64 false",
            good().header("b64", false).header("crit", json!(["b64"])),
        ),
        // Bound to its sender: RFC 9449 section 6.1, RFC 8705 section 3.1.
        built(
            "bound to a key",
            good().claim("cnf", json!({ "jkt": MARKER })),
        ),
        built(
            "bound to a certificate",
            good().claim("cnf", json!({ "x5t#S256": MARKER })),
        ),
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
            "type with application/",
            good().typ(Some("application/at+jwt")),
        ),
        accepted("type in capitals", good().typ(Some("AT+JWT"))),
        accepted("no type", good().typ(None)),
        accepted("expired within the leeway", good().expires_in(-30)),
        accepted("not yet valid within the leeway", good().not_before_in(30)),
        accepted(
            "fractions of a second",
            good().claim("exp", 4_000_000_000.5),
        ),
        accepted(
            "one of several audiences",
            good().audience(json!(["https://other.example", issuer.audience()])),
        ),
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

/// The payload with its scope written twice, which parsers read in two ways.
fn duplicated(token: &TokenBuilder) -> String {
    let payload = String::from_utf8(token.payload_json()).unwrap();
    payload.replacen('{', r#"{"scope":"nothing","#, 1)
}

/// Another base64url text of the same length.
fn changed(part: &str) -> String {
    let middle = part.len() / 2;
    let replacement = if part[middle..].starts_with('A') {
        'B'
    } else {
        'A'
    };
    format!("{}{replacement}{}", &part[..middle], &part[middle + 1..])
}
