//! The cache changes nothing but the number of calls, as long as no answer changes.

use std::time::Duration;

use authz_core::{Reason, scope};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    server::{Api, NOW, Server, active, api_with, changed, issuer, opaque},
    support::AUDIENCE,
};

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    /// Less than a second in all: answers don't age, but requests follow each other.
    Pause(u64),
    /// A move of the wall clock alone, either way.
    Clock(u64),
}

fn answers() -> Vec<Value> {
    vec![
        active(),
        changed("exp", NOW + 10),
        changed("exp", ()),
        changed("nbf", NOW + 100),
        changed("scope", "write"),
        changed("aud", "https://other.example"),
        changed("iat", NOW + 90),
        json!({"active": false}),
        json!({"active": true, "aud": AUDIENCE}),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..answers().len()).prop_map(Step::Send),
        1 => (0u64..10).prop_map(Step::Pause),
        2 => (NOW - 100..NOW + 200).prop_map(Step::Clock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

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
    let servers = [Server::new(), Server::new()];
    for server in &servers {
        for (i, answer) in answers().iter().enumerate() {
            server.says(&format!("token{i}"), answer);
        }
    }
    let zero = Duration::ZERO;
    let introspection = opaque().invalid_tokens(10_000, Duration::from_secs(1));
    let warm = issuer(&servers[0], introspection.clone());
    let cold = issuer(
        &servers[1],
        introspection.positive_ttl(zero).negative_ttl(zero),
    );
    let warm = api_with(warm, |builder| builder);
    let cold = api_with(cold, |builder| builder.cache_bytes(0));
    let mut sent = 0;
    for step in steps {
        match step {
            Step::Send(i) => {
                sent += 1;
                same(&warm, &cold, &format!("token{i}")).await?;
            }
            Step::Pause(ms) => {
                for api in [&warm, &cold] {
                    api.pass(Duration::from_millis(ms)).await;
                }
            }
            Step::Clock(to) => {
                for api in [&warm, &cold] {
                    api.clock
                        .set(std::time::UNIX_EPOCH + Duration::from_secs(to));
                }
            }
        }
    }
    prop_assert_eq!(servers[1].calls(), sent);
    prop_assert!(servers[0].calls() <= 2 * sent);
    Ok(())
}

async fn same(warm: &Api, cold: &Api, token: &str) -> Result<(), TestCaseError> {
    let policy = scope("read");
    match (
        warm.get(token, &policy).await,
        cold.get(token, &policy).await,
    ) {
        (Ok(warm), Ok(cold)) => {
            prop_assert_eq!(warm.claims(), cold.claims());
            prop_assert_eq!(warm.scopes(), cold.scopes());
            prop_assert_eq!(warm.subject(), cold.subject());
        }
        (Err(warm), Err(cold)) => {
            prop_assert_ne!(warm.reason(), Reason::IntrospectionUnavailable);
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
