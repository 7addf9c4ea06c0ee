//! Where the time of a token goes that is seen for the first time, as far as it can be seen from outside: the
//! report gives what is left to taking the token apart, reading its header and applying the rules.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use authz_core::{
    Algorithm, ProtectedHeader, async_trait,
    jwks::{JwksProvider, KeyLookup, KeySet, RefreshReason, RemoteJwks},
    scope,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cpu_time::ThreadTime;
use serde_json::json;

use crate::{
    Case, Group,
    fixture::{Caller, SCOPE, Signed, authorize, builder, request, runtime, started},
};

pub(super) fn groups() -> Vec<Group> {
    vec![Group::new("stage", cases)]
}

fn cases() -> Vec<Case> {
    let signed = Signed::new(Algorithm::RS256);
    let authorizer = signed.authorizer::<Caller>(0);
    let request = request(&signed.token);
    let policy = scope(SCOPE);
    let parts: Vec<Vec<u8>> = (signed.token.split('.'))
        .map(|part| URL_SAFE_NO_PAD.decode(part).expect("in base64url"))
        .collect();
    let message = signed.token.rsplit_once('.').expect("a token").0.to_owned();

    let signature = {
        let jwks = json!({ "keys": [signed.key.public_jwk()] }).to_string();
        let set = KeySet::parse(jwks.as_bytes()).expect("a key set").keys;
        let key = Arc::clone(set.iter().next().expect("a key"));
        let signature = parts[2].clone();
        Case::new("signature", move || {
            key.verify(Algorithm::RS256, message.as_bytes(), &signature)
        })
    };
    let claims = {
        let payload = parts[1].clone();
        Case::new("claims", move || {
            serde_json::from_slice::<Caller>(&payload).expect("claims")
        })
    };
    let policy_alone = {
        let caller = runtime()
            .block_on(authorizer.verify(&signed.token))
            .expect("a good token");
        let policy = policy.clone();
        Case::new("policy", move || caller.check(&policy).is_ok())
    };
    let all = Case::new("all", move || {
        authorize(&authorizer, &request, &policy).expect("a good token")
    });
    vec![
        all,
        key_lookup("key-lookup", signed.remote_keys(), &signed),
        signature,
        claims,
        policy_alone,
    ]
}

/// A provider that asks another one as often as it is told to, and takes the time.
#[derive(Clone, Debug)]
struct Repeating {
    inner: Arc<RemoteJwks>,
    times: Arc<AtomicU64>,
    nanos: Arc<AtomicU64>,
}

#[async_trait]
impl JwksProvider for Repeating {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        let begin = ThreadTime::now();
        for _ in 1..self.times.load(Ordering::Relaxed) {
            std::hint::black_box(self.inner.lookup(header));
        }
        let found = self.inner.lookup(header);
        let nanos = begin.elapsed().as_nanos() as u64;
        self.nanos.store(nanos, Ordering::Relaxed);
        found
    }

    async fn refresh(&self, header: &ProtectedHeader<'_>, reason: RefreshReason) -> KeyLookup {
        self.inner.refresh(header, reason).await
    }
}

/// Times the lookup of the key of `signed` among `keys`.
pub(super) fn key_lookup(name: impl Into<String>, keys: RemoteJwks, signed: &Signed) -> Case {
    let keys = Repeating {
        inner: Arc::new(keys),
        times: Arc::default(),
        nanos: Arc::default(),
    };
    let builder = builder(signed.key.algorithm(), keys.clone()).cache_bytes(0);
    let authorizer = started(builder, &signed.token);
    let (request, policy) = (request(&signed.token), scope(SCOPE));
    Case::timed(name, move |times| {
        keys.times.store(times, Ordering::Relaxed);
        authorize(&authorizer, &request, &policy).expect("a good token");
        Duration::from_nanos(keys.nanos.load(Ordering::Relaxed))
    })
}
