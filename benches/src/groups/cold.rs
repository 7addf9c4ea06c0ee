//! A token seen for the first time, beside the bare signature check and the floor (point 1).

use authz_core::{Algorithm, scope};

use crate::{
    Case, Group,
    bare::{BareKey, Signature, floor},
    fixture::{AnyClaims, Caller, SCOPE, Signed, authorize, request},
};

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
    Algorithm::MLDSA44,
    Algorithm::MLDSA65,
    Algorithm::HS256,
];

pub(super) fn groups() -> Vec<Group> {
    ALGORITHMS
        .into_iter()
        .map(|algorithm| Group::new(format!("cold/{algorithm}"), move || cases(algorithm)))
        .collect()
}

fn cases(algorithm: Algorithm) -> Vec<Case> {
    let signed = Signed::new(algorithm);
    let signature = Signature::of(&signed.token);
    let bare = BareKey::of(&signed.key);
    let parsed = bare.parse();
    assert!(parsed.verify(&signature), "the bare check refuses");
    let token = signed.token.clone();
    let policy = scope(SCOPE);

    let check = {
        let signature = signature.clone();
        Case::new("check", move || parsed.verify(&signature))
    };
    let parse_and_check = Case::new("parse-and-check", move || bare.parse_and_verify(&signature));
    // A longer signature needs more room, which has a cost.
    let floor = match algorithm {
        Algorithm::MLDSA44 | Algorithm::MLDSA65 => {
            Case::new("floor", move || floor::<4096>(&token))
        }
        _ => Case::new("floor", move || floor::<1024>(&token)),
    };
    let typed = {
        let (authorizer, request) = (signed.authorizer::<Caller>(0), request(&signed.token));
        let policy = policy.clone();
        Case::new("authorize", move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    let map = {
        let (authorizer, request) = (signed.authorizer::<AnyClaims>(0), request(&signed.token));
        Case::new("authorize-map", move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    vec![check, parse_and_check, floor, typed, map]
}
