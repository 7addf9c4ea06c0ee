//! A token that is bound to a key, beside the bare check of the proof's signature.

use std::time::Duration;

use authz_core::{
    Algorithm, Authorizer, Dpop, DpopProofs, ProofId, ReplayError, ReplayStore, async_trait, scope,
};
use authz_testkit::SigningKey;
use http::{Request, header::AUTHORIZATION};

use crate::{
    Case, Group,
    bare::{BareKey, Signature},
    fixture::{AUDIENCE, Caller, SCOPE, Signed, authorize, issuer, started, token},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::new("dpop", cases)]
}

/// Lets one proof be measured many times. A boxed future for each decision is the price, so the memory of proofs is
/// faster.
#[derive(Debug)]
pub(super) struct Forgetful;

#[async_trait]
impl ReplayStore for Forgetful {
    async fn insert(&self, _: ProofId, _: Duration) -> Result<bool, ReplayError> {
        Ok(true)
    }
}

fn cases() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let client = SigningKey::shared(Algorithm::ES256);
    let bound = token(&signed.key).bound_to(&client).build();
    let proof = client.proof("GET", "https://quickstarts.example/api/messages", &bound);
    let proof = proof.build();

    let signature = Signature::of(&proof);
    let parsed = BareKey::of(&client).parse();
    assert!(parsed.verify(&signature), "the bare check refuses");
    let request = Request::get("/messages")
        .header(AUTHORIZATION, format!("DPoP {bound}"))
        .header("dpop", proof)
        .body(())
        .expect("a request");
    let with_cache = |id: &str, cache_bytes| {
        // A proof stays good for as long as it is measured.
        let proofs = DpopProofs::for_public_url(AUDIENCE).max_age(Duration::from_secs(60 * 60));
        let issuer = issuer(Algorithm::RS256).keys(signed.remote_keys());
        let builder = Authorizer::builder()
            .issuer(issuer.dpop(Dpop::Accepted))
            .dpop_proofs(proofs.replay_store(Forgetful))
            .cache_bytes(cache_bytes);
        let authorizer: Authorizer<Caller> = started(builder.claims(), &signed.token);
        let (request, policy) = (request.clone(), scope(SCOPE));
        Case::new(id, move || {
            authorize(&authorizer, &request, &policy).expect("a good token with a good proof")
        })
    };
    vec![
        Case::new("check", move || parsed.verify(&signature)),
        with_cache("warm", 1 << 20),
        with_cache("cold", 0),
    ]
}
