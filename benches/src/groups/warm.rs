//! A token seen before, beside a bare lookup of the same token (point 2).

use authz_core::{Algorithm, scope};

use super::tokens::Many;
use crate::{
    Case, Group, bare,
    fixture::{AnyClaims, Caller, SCOPE, Signed, authorize, request},
};

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::new("warm/same", same),
        Group::new("warm/random", random),
    ]
}

fn same() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let cache = bare::cache([&*signed.token].into_iter());
    let typed = signed.authorizer::<Caller>(32 << 20);
    let map = signed.authorizer::<AnyClaims>(32 << 20);
    let (request, policy) = (request(&signed.token), scope(SCOPE));
    let (same_request, same_policy) = (request.clone(), policy.clone());
    let token = signed.token;
    vec![
        Case::new("lookup", move || cache.get(&*token).expect("it is there")),
        Case::new("authorize", move || {
            authorize(&typed, &request, &policy).expect("a good token")
        }),
        Case::new("authorize-map", move || {
            authorize(&map, &same_request, &same_policy).expect("a good token")
        }),
    ]
}

fn random() -> Vec<Case> {
    Many::long(10_000).cases("lookup", "authorize")
}
