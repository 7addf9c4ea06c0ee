//! The cache changes nothing but the time it takes: for any sequence of tokens, rotations,
//! withdrawals, outages and moves of the clock, an authorizer with a cache and one without decide
//! alike and hand over the same claims.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, UNIX_EPOCH},
};

use authz_core::{
    Authorizer, ManualClock, ProtectedHeader, Reason, RequestParts, VerificationKey, async_trait,
    jwks::{JwksProvider, KeyLookup, StaticKeys, UnknownKey},
    scope,
};
use authz_testkit::{Algorithm, SigningKey};
use proptest::prelude::*;
use support::{Failure, KeyServer, builder, pass, settle, token};

#[derive(Clone, Debug)]
enum Step {
    /// The token of this number.
    Send(usize),
    /// A token as that one, with the payload or the signature of another.
    Splice {
        first: usize,
        second: usize,
        payload: bool,
    },
    Publish(usize),
    Withdraw(usize),
    Fail,
    Recover,
    /// A move of the wall clock alone.
    Clock(u64),
    /// Time goes by for everybody: at least a lifetime, since within one the two refresh at random
    /// times of their own.
    Advance(u64),
}

const KEYS: usize = 3;
const TOKENS: usize = 8;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..TOKENS).prop_map(Step::Send),
        2 => (0..TOKENS, 0..TOKENS, any::<bool>())
            .prop_map(|(first, second, payload)| Step::Splice { first, second, payload }),
        1 => (0..KEYS).prop_map(Step::Publish),
        1 => (0..KEYS).prop_map(Step::Withdraw),
        1 => Just(Step::Fail),
        1 => Just(Step::Recover),
        2 => (0u64..1000).prop_map(Step::Clock),
        2 => (600u64..2600).prop_map(Step::Advance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn warm_equals_cold(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(steps))?;
    }
}

async fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let keys: Vec<_> = (0..KEYS)
        .map(|i| SigningKey::generate(Algorithm::ES256).with_kid(i.to_string()))
        .collect();
    let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let tokens: Vec<String> = (0..TOKENS)
        .map(|i| {
            let token = token(&keys[i % KEYS])
                .now(1_800_000_000)
                .expires_in([600, 3600, 100_000][i % 3])
                .claim("number", i);
            let token = if i % 2 == 0 {
                token.scope("read")
            } else {
                token
            };
            token.build()
        })
        .collect();
    // Two servers that do the same: each authorizer spends its own budget.
    let servers = [(); 2].map(|()| KeyServer::new([keys[0].clone()]));
    let [warm, cold]: [Authorizer; 2] = [(0, 1 << 20), (1, 0)].map(|(i, bytes): (usize, usize)| {
        builder(servers[i].keys().build().unwrap())
            .clock(clock.clone())
            .cache_bytes(bytes)
            .build()
            .unwrap()
    });
    // Both have their first keys: else the first request of one waits for them and spends nothing.
    settle().await;
    for step in steps {
        match step {
            Step::Send(i) => same(&warm, &cold, &tokens[i]).await?,
            Step::Splice {
                first,
                second,
                payload,
            } => {
                let (a, b) = (parts(&tokens[first]), parts(&tokens[second]));
                let spliced = if payload {
                    format!("{}.{}.{}", a[0], b[1], a[2])
                } else {
                    format!("{}.{}.{}", a[0], a[1], b[2])
                };
                same(&warm, &cold, &spliced).await?;
                if spliced != tokens[first] {
                    // Of both, so that both spend the same.
                    let accepted = [warm.verify(&spliced).await, cold.verify(&spliced).await];
                    prop_assert!(accepted.iter().all(Result::is_err));
                }
            }
            Step::Publish(i) => servers.iter().for_each(|it| {
                it.withdraw(&keys[i]);
                it.publish(&keys[i]);
            }),
            Step::Withdraw(i) => servers.iter().for_each(|it| it.withdraw(&keys[i])),
            Step::Fail => servers.iter().for_each(|it| it.fail(Failure::Status(500))),
            Step::Recover => servers.iter().for_each(KeyServer::recover),
            Step::Clock(seconds) => clock.advance(Duration::from_secs(seconds)),
            Step::Advance(seconds) => {
                clock.advance(Duration::from_secs(seconds));
                pass(Duration::from_secs(seconds)).await;
                pass(Duration::from_secs(60)).await;
            }
        }
    }
    Ok(())
}

fn parts(token: &str) -> Vec<String> {
    token.split('.').map(str::to_owned).collect()
}

async fn same(warm: &Authorizer, cold: &Authorizer, token: &str) -> Result<(), TestCaseError> {
    let policy = scope("read");
    let (request, ()) = http::Request::get("/")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap()
        .into_parts();
    let request = RequestParts::from(&request);
    let (warm, cold) = (
        warm.authorize(&request, &policy).await,
        cold.authorize(&request, &policy).await,
    );
    match (warm, cold) {
        (Ok(warm), Ok(cold)) => {
            prop_assert_eq!(warm.claims(), cold.claims());
            prop_assert_eq!(warm.subject(), cold.subject());
            prop_assert_eq!(warm.scopes(), cold.scopes());
            prop_assert_eq!(warm.expires_at(), cold.expires_at());
            prop_assert_eq!(warm.key_id(), cold.key_id());
        }
        (Err(warm), Err(cold)) => {
            prop_assert_eq!(warm.reason(), cold.reason());
            prop_assert_eq!(warm.challenge(), cold.challenge());
        }
        (warm, cold) => {
            let (warm, cold) = (warm.map(drop), cold.map(drop));
            prop_assert!(false, "warm {warm:?}, cold {cold:?}");
        }
    }
    Ok(())
}

/// Withdraws its key as soon as it has handed it out.
#[derive(Debug)]
struct WithdrawnMeanwhile {
    keys: StaticKeys,
    withdrawn: Arc<AtomicBool>,
}

#[async_trait]
impl JwksProvider for WithdrawnMeanwhile {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        if self.withdrawn.swap(true, SeqCst) {
            return KeyLookup::Unknown(UnknownKey::NotInSet);
        }
        self.keys.lookup(header)
    }

    fn is_current(&self, _: &VerificationKey) -> bool {
        !self.withdrawn.load(SeqCst)
    }
}

#[tokio::test]
async fn a_verification_in_flight_leaves_nothing_usable_behind() {
    let key = SigningKey::shared(Algorithm::ES256);
    let jwks = serde_json::json!({"keys": [key.public_jwk()]}).to_string();
    let provider = WithdrawnMeanwhile {
        keys: StaticKeys::from_jwks(jwks.as_bytes()).unwrap(),
        withdrawn: Arc::default(),
    };
    let authorizer = builder(provider).build().unwrap();
    let token = token(&key).build();
    authorizer.verify(&token).await.unwrap();
    assert_eq!(authorizer.cache_status().unwrap().tokens, 1);
    let refused = authorizer.verify(&token).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::UnknownKey);
    assert_eq!(authorizer.cache_status().unwrap().tokens, 0);
}
