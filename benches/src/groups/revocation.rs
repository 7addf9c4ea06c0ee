//! What a list of revocations costs a decision on a token seen before.

use std::time::{Duration, SystemTime};

use authz_core::{Algorithm, Authorizer, Revocations, scope};

use crate::{
    Case, Group,
    fixture::{Caller, ISSUER, SCOPE, Signed, authorize, builder, request, started},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::large("revocation", cases)]
}

fn cases() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let unused = Revocations::new();
    let full = Revocations::builder().max_bytes(80 << 20).build();
    let until = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    for i in 0..1_000_000 {
        let (id, subject) = (format!("token-{i}"), format!("auth0|{i}"));
        match i % 2 {
            0 => full.deny_token(ISSUER, &id, until),
            _ => full.deny_subject(ISSUER, &subject, until, until),
        }
        .expect("there is room");
    }
    [
        ("none", None),
        ("unused", Some(unused)),
        ("million", Some(full)),
    ]
    .into_iter()
    .map(|(id, list)| {
        let mut builder = builder(Algorithm::RS256, signed.remote_keys());
        if let Some(list) = list {
            builder = builder.revocations(list);
        }
        let authorizer: Authorizer<Caller> = started(builder.claims(), &signed.token);
        let (request, policy) = (request(&signed.token), scope(SCOPE));
        Case::new(id, move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    })
    .collect()
}
