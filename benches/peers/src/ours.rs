//! The bare signature check, the floor, and this repository's library.

use authz_benches::{
    Case,
    bare::{BareKey, Signature, floor},
    fixture::{Caller, SCOPE, authorize, request, started},
};
use authz_core::{Issuer, Authorizer, scope};
use serde::de::DeserializeOwned;

use crate::token::Issued;

pub fn cases(issued: &Issued) -> Vec<Case> {
    let signature = Signature::of(issued.token());
    let parsed = BareKey::of(&issued.signed.key).parse();
    let token = issued.token().to_owned();
    vec![
        Case::new("check", move || parsed.verify(&signature)),
        Case::new("floor", move || floor::<1024>(&token)),
        authorized("authz-cold", issued, 0),
        authorized("authz-warm", issued, 32 << 20),
    ]
}

fn authorized(name: &str, issued: &Issued, cache_bytes: usize) -> Case {
    let authorizer = authorizer::<Caller>(issued, cache_bytes);
    let (request, policy) = (request(issued.token()), scope(SCOPE));
    Case::new(name, move || {
        authorize(&authorizer, &request, &policy).expect("a good token")
    })
}

/// Set up as its own documentation says, like all the others.
pub fn authorizer<C>(issued: &Issued, cache_bytes: usize) -> Authorizer<C>
where
    C: DeserializeOwned + Send + Sync + 'static,
{
    let builder = Authorizer::builder()
        .issuer(Issuer::new(issued.issuer())
        .audience(authz_benches::fixture::AUDIENCE))
        .cache_bytes(cache_bytes);
    started(builder.claims(), issued.token())
}
