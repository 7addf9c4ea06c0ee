//! `AUTHZ_ALGORITHMS`: what is listed is accepted, and nothing else.

use authz_testkit::{Algorithm, DevIssuer};
use blackbox::http::Request;

use crate::{
    case::{Expected, INVALID_TOKEN, case, check_all},
    stage::{self, Issuer, Subject},
};

/// Every algorithm that a public key can serve, by the name that `AUTHZ_ALGORITHMS` takes.
const ASYMMETRIC: [(&str, Algorithm); 13] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("ES512", Algorithm::ES512),
    ("EdDSA", Algorithm::EdDSA),
    ("ML-DSA-44", Algorithm::MLDSA44),
    ("ML-DSA-65", Algorithm::MLDSA65),
    ("ML-DSA-87", Algorithm::MLDSA87),
];

fn issuer() -> Issuer {
    Issuer::build(DevIssuer::builder().algorithms(ASYMMETRIC.map(|(_, algorithm)| algorithm)))
}

fn token(issuer: &Issuer, algorithm: Algorithm) -> Request {
    let key = issuer.key_for(algorithm).unwrap();
    let token = issuer.token().key(&key).scope("read:messages");
    Request::get("/api/private").bearer(token.build())
}

pub(crate) fn every_asymmetric_one_by_name(subject: Subject) {
    let issuer = issuer();
    let names = ASYMMETRIC.map(|(name, _)| name).join(", ");
    let launch = stage::configured(subject, &issuer).env("AUTHZ_ALGORITHMS", names);
    let server = stage::start_ready(launch);
    let accepted = ASYMMETRIC
        .map(|(name, algorithm)| case(name, token(&issuer, algorithm), Expected::Status(200)));
    check_all(&server, &accepted);

    // RFC 9864: the same algorithm under its newer name.
    let key = issuer.key_for(Algorithm::EdDSA).unwrap();
    let renamed = issuer
        .token()
        .key(&key)
        .header("alg", "Ed25519")
        .scope("read:messages");
    let renamed = Request::get("/api/private").bearer(renamed.build());
    check_all(&server, &[case("Ed25519", renamed, Expected::Status(200))]);
}

pub(crate) fn none_but_the_listed(subject: Subject) {
    let issuer = issuer();
    let launch = stage::configured(subject, &issuer).env("AUTHZ_ALGORITHMS", "ES256");
    let server = stage::start_ready(launch);
    let cases = ASYMMETRIC.map(|(name, algorithm)| {
        let expected = match algorithm {
            Algorithm::ES256 => Expected::Status(200),
            _ => INVALID_TOKEN,
        };
        case(name, token(&issuer, algorithm), expected)
    });
    check_all(&server, &cases);
}
