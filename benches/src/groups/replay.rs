//! A bound token by where its proofs are remembered. The store answers over loopback, so time goes by on the clock and
//! not on this thread's processor.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use authz_core::{
    Algorithm, Authorizer, Dpop, DpopProofs, ProofId, ReplayStore, RequestParts, scope,
};
use authz_testkit::SigningKey;
use authz_valkey::Valkey;
use blackbox::store::Store;
use http::{Request, header::AUTHORIZATION};

use super::dpop::Forgetful;
use crate::{
    Case, Group,
    fixture::{AUDIENCE, Caller, SCOPE, Signed, issuer, runtime, started, token},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::patient("replay", cases)]
}

fn cases() -> Vec<Case> {
    let decisions = Decisions::new();
    let proofs = || DpopProofs::for_public_url(AUDIENCE);
    let mut cases = vec![
        decisions.case("forgotten", 1, proofs().replay_store(Forgetful)),
        decisions.case("memory", 1, proofs().replay_bytes(1 << 30)),
    ];
    let Some(store) = Store::start_any() else {
        return cases;
    };
    let store = Arc::new(store);
    let valkey = {
        let _inside = runtime().enter();
        Valkey::connect(&store.url()).expect("the address is good")
    };
    for at_once in [1, 16, 128] {
        let proofs = proofs().replay_store(valkey.clone());
        cases.push(decisions.case(&format!("valkey-{at_once}"), at_once, proofs));
    }
    for at_once in [1, 16, 128] {
        let id = format!("insert-{at_once}");
        cases.push(insertions(&id, at_once, &valkey, &store));
    }
    cases
}

/// What is the same for all decisions that are measured.
struct Decisions {
    signed: Signed,
    client: SigningKey,
    bound: String,
}

impl Decisions {
    fn new() -> Self {
        let signed = Signed::new(Algorithm::RS256);
        let client = SigningKey::shared(Algorithm::ES256);
        let bound = token(&signed.key).bound_to(&client).build();
        Self {
            signed,
            client,
            bound,
        }
    }

    /// The whole decision about a token seen before with a new proof, so many of them at once.
    fn case(&self, id: &str, at_once: usize, proofs: DpopProofs) -> Case {
        let keys = self.signed.remote_keys();
        let issuer = issuer(Algorithm::RS256).keys(keys).dpop(Dpop::Accepted);
        let builder = Authorizer::builder().issuer(issuer).dpop_proofs(proofs);
        let authorizer: Authorizer<Caller> = started(builder.claims(), &self.signed.token);
        let (client, bound) = (self.client.clone(), self.bound.clone());
        let request = move || {
            let proof = client.proof("GET", "https://quickstarts.example/api/messages", &bound);
            Request::get("/messages")
                .header(AUTHORIZATION, format!("DPoP {bound}"))
                .header("dpop", proof.build())
                .body(())
                .expect("a request")
        };
        at_once_on_one_thread(id, at_once, request, move |request| {
            let (authorizer, policy) = (authorizer.clone(), scope(SCOPE));
            async move {
                let parts = RequestParts::from(&request);
                let decision = authorizer.authorize(&parts, &policy).await;
                drop(decision.expect("a good token with a new proof"));
            }
        })
    }
}

/// One command of the store for each proof, and nothing else.
fn insertions(id: &str, at_once: usize, valkey: &Valkey, store: &Arc<Store>) -> Case {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let proof = || {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Relaxed).to_be_bytes());
        ProofId::from_bytes(bytes)
    };
    // The store runs as long as it is measured.
    let (valkey, store) = (valkey.clone(), Arc::clone(store));
    at_once_on_one_thread(id, at_once, proof, move |proof| {
        let (valkey, _running) = (valkey.clone(), &store);
        async move {
            let inserted = valkey.insert(proof, Duration::from_secs(65)).await;
            assert!(inserted.expect("the store answers"), "a new proof");
        }
    })
}

/// Does work on what `make` made before, so many at once on the runtime's one thread, and gives the time that all of it
/// took.
fn at_once_on_one_thread<R, F>(
    id: &str,
    at_once: usize,
    make: impl Fn() -> R + 'static,
    work: impl Fn(R) -> F + Clone + Send + 'static,
) -> Case
where
    R: Send + 'static,
    F: Future<Output = ()> + Send,
{
    Case::timed(id, move |times| {
        let mut lanes: Vec<Vec<R>> = (0..at_once).map(|_| Vec::new()).collect();
        for i in 0..times as usize {
            lanes[i % at_once].push(make());
        }
        runtime().block_on(async {
            let begin = Instant::now();
            let tasks: Vec<_> = (lanes.into_iter())
                .map(|lane| {
                    let work = work.clone();
                    tokio::spawn(async move {
                        for one in lane {
                            work(one).await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no task panics");
            }
            begin.elapsed()
        })
    })
}
