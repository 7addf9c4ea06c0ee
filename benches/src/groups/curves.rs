//! Cost against size (point 5): keys in the set, trusted issuers, cached tokens, required scopes.

use authz_core::{
    Algorithm, Issuer, Policy, all_scopes,
    jwks::{RemoteJwks, SharedSecret},
    scope,
};
use authz_testkit::SigningKey;
use serde_json::json;

use super::{stages::key_lookup, tokens};
use crate::{
    Case, Group,
    fixture::{
        AUDIENCE, Caller, SCOPE, Signed, authorize, builder, remote_keys, request, started, token,
    },
};

const SIZES: [usize; 4] = [1, 10, 100, 1_000];

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::new("curve/keys", keys),
        Group::new("curve/key-lookup", key_lookups),
        Group::new("curve/issuers", issuers),
        Group::new("curve/scopes", scopes),
        Group::large("curve/cached", cached),
    ]
}

/// The other keys are of another kind, since nobody waits for a thousand RSA keys: a key that is
/// not the token's costs the same whatever it is.
fn keys() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let case = |size: usize| {
        let builder = builder(Algorithm::RS256, set(&signed, size))
            .cache_bytes(0)
            .claims::<Caller>();
        let authorizer = started(builder, &signed.token);
        let (request, policy) = (request(&signed.token), scope(SCOPE));
        Case::new(format!("{size}"), move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    SIZES.into_iter().map(case).collect()
}

/// The lookup alone, which the signature check would hide.
fn key_lookups() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let case = |size: usize| key_lookup(format!("{size}"), set(&signed, size), &signed);
    SIZES.into_iter().map(case).collect()
}

/// A set of so many keys, the token's among them.
fn set(signed: &Signed, size: usize) -> RemoteJwks {
    let other = || SigningKey::generate(Algorithm::ES256).public_jwk();
    let mut keys: Vec<_> = (1..size).map(|_| other()).collect();
    keys.insert(size / 2, signed.key.public_jwk());
    remote_keys(json!({ "keys": keys }).to_string())
}

/// With shared secrets: a dearer signature check would hide what is looked for.
fn issuers() -> Vec<Case> {
    let signed = Signed::new(Algorithm::HS256);
    let secret = || {
        let secret = signed.key.secret().expect("a shared secret");
        SharedSecret::hs256(secret).expect("a secret of 32 bytes")
    };
    let case = |count: usize| {
        let mut builder = builder(Algorithm::HS256, secret());
        for i in 1..count {
            let issuer = Issuer::new(format!("https://tenant-{i}.eu.auth0.com/"))
                .audience(AUDIENCE)
                .algorithms([Algorithm::HS256])
                .keys(secret());
            builder = builder.issuer(issuer);
        }
        let authorizer = started(builder.cache_bytes(0).claims::<Caller>(), &signed.token);
        let (request, policy) = (request(&signed.token), scope(SCOPE));
        Case::new(format!("{count}"), move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    SIZES.into_iter().map(case).collect()
}

/// A token that has fifty scopes, warm, at endpoints that ask for more and more of them.
fn scopes() -> Vec<Case> {
    let names: [String; 50] = std::array::from_fn(|i| format!("read:thing-{i}"));
    let name = |i: usize| &*names[i];
    let policies: [(usize, Policy); 4] = [
        (1, all_scopes([name(0)])),
        (5, all_scopes::<5>(std::array::from_fn(name))),
        (10, all_scopes::<10>(std::array::from_fn(name))),
        (50, all_scopes::<50>(std::array::from_fn(name))),
    ];
    let signed = Signed::new(Algorithm::RS256);
    let token = token(&signed.key).scope(&names.join(" ")).build();
    let authorizer = signed.authorizer::<Caller>(32 << 20);
    let case = |(count, policy): (usize, Policy)| {
        let (authorizer, request) = (authorizer.clone(), request(&token));
        Case::new(format!("{count}"), move || {
            authorize(&authorizer, &request, &policy).expect("a good token")
        })
    };
    policies.into_iter().map(case).collect()
}

/// Tokens at random out of more and more of them. The tokens are short: a million long ones would take the
/// memory of a small machine.
fn cached() -> Vec<Case> {
    [10, 1_000, 100_000, 1_000_000]
        .into_iter()
        .flat_map(|count| {
            tokens::Many::short(count).cases(&format!("lookup-{count}"), &count.to_string())
        })
        .collect()
}
