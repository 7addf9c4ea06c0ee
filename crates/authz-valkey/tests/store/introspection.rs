//! Introspection answers that servers share.

use std::time::{Duration, Instant};

use authz_core::{
    AnswerId, Authorizer, ClientAuthentication, Introspection, IntrospectionCache,
    IntrospectionCacheKey, Issuer,
};
use authz_testkit::DevIssuer;
use authz_valkey::Valkey;
use blackbox::store::Store;

use crate::stage::{until, until_it_works};

const AUDIENCE: &str = "https://api.example";
const SUBJECT: &str = "user-of-the-test";

/// A server of the API. Each has a memory of its own.
fn server(issuer: &DevIssuer, valkey: &Valkey) -> Authorizer {
    let client = ClientAuthentication::client_secret_basic("api", "secret");
    let key = IntrospectionCacheKey::new([7; 32]).unwrap();
    let introspection = Introspection::opaque(client).shared_cache(valkey.clone(), key);
    let issuer = Issuer::new(issuer.issuer())
        .audience(AUDIENCE)
        .introspect(introspection);
    Authorizer::new(issuer).unwrap()
}

async fn accepts(authorizer: &Authorizer, token: &str) -> bool {
    authorizer.verify(token).await.is_ok()
}

/// What the store has, each line as it is on the wire.
fn entries(store: &Store) -> Vec<String> {
    let keys = store.command("KEYS *").unwrap();
    let keys: Vec<_> = keys
        .lines()
        .filter(|it| it.contains(':'))
        .map(str::to_owned)
        .collect();
    keys.iter()
        .map(|key| format!("{key} {}", store.command(&format!("GET {key}")).unwrap()))
        .collect()
}

/// A new opaque token.
fn opaque(issuer: &DevIssuer) -> String {
    let token = issuer.token().audience(AUDIENCE).subject(SUBJECT);
    issuer.opaque("opaque-", &token)
}

async fn until_shared(store: &Store, entries_expected: usize) {
    until("the answer is shared", async || {
        entries(store).len() == entries_expected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_share_one_call_and_the_store_can_not_read_it() {
    for store in Store::each(&[]) {
        let issuer = DevIssuer::start().await;
        let valkey = Valkey::connect(&store.url()).unwrap();
        until_it_works(&valkey).await;
        store.command("FLUSHALL").unwrap();
        let token = opaque(&issuer);
        assert!(accepts(&server(&issuer, &valkey), &token).await);
        until_shared(&store, 1).await;
        for _ in 0..3 {
            let caller = server(&issuer, &valkey).verify(&token).await.unwrap();
            assert_eq!(caller.subject(), Some(SUBJECT));
        }
        assert_eq!(issuer.requests().introspection, 1);

        let all = entries(&store).concat();
        assert!(all.starts_with("authz:answer:"), "{all}");
        for secret in [
            &token[7..],
            SUBJECT,
            AUDIENCE,
            issuer.issuer(),
            "active",
            "exp",
        ] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        let key = all.split(' ').next().unwrap();
        let ttl = store.command(&format!("PTTL {key}")).unwrap();
        let ttl: u64 = ttl.trim_start_matches(':').trim().parse().unwrap();
        assert!((1..=30_000).contains(&ttl), "{ttl} ms");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_changed_is_not_believed() {
    for store in Store::each(&[]) {
        let issuer = DevIssuer::start().await;
        let valkey = Valkey::connect(&store.url()).unwrap();
        until_it_works(&valkey).await;
        store.command("FLUSHALL").unwrap();
        let [good, bad] = [opaque(&issuer), opaque(&issuer)];
        assert!(accepts(&server(&issuer, &valkey), &good).await);
        until_shared(&store, 1).await;
        let good_key = entries(&store)[0].split(' ').next().unwrap().to_owned();
        assert!(accepts(&server(&issuer, &valkey), &bad).await);
        until_shared(&store, 2).await;
        let keys: Vec<_> = entries(&store)
            .iter()
            .map(|it| it.split(' ').next().unwrap().to_owned())
            .collect();
        let bad_key = keys.iter().find(|it| **it != good_key).unwrap();
        issuer.revoke(&bad);
        for change in [
            format!("COPY {good_key} {bad_key} REPLACE"),
            format!("SETRANGE {bad_key} 40 changed"),
            format!("APPEND {bad_key} x"),
            format!("SETRANGE {bad_key} 70000 x"),
            format!("SET {bad_key} active"),
            // Of another type: the command fails.
            format!("DEL {bad_key}"),
            format!("LPUSH {bad_key} x"),
        ] {
            let answer = store.command(&change).unwrap();
            assert!(!answer.starts_with('-'), "{change}: {answer}");
            let calls = issuer.requests().introspection;
            assert!(!accepts(&server(&issuer, &valkey), &bad).await, "{change}");
            assert_eq!(issuer.requests().introspection, calls + 1, "{change}");
            until("what is refused is removed", async || {
                entries(&store).len() == 1
            })
            .await;
        }
        let calls = issuer.requests().introspection;
        assert!(accepts(&server(&issuer, &valkey), &good).await);
        assert_eq!(issuer.requests().introspection, calls);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_store_the_issuer_is_asked() {
    /// What a busy machine may add to the time limit of 100 ms.
    const SLACK: Duration = Duration::from_millis(1500);
    for mut store in Store::each(&[]) {
        let issuer = DevIssuer::start().await;
        let valkey = Valkey::connect(&store.url()).unwrap();
        until_it_works(&valkey).await;
        let api = server(&issuer, &valkey);
        for trouble in ["killed", "frozen"] {
            match trouble {
                "killed" => store.kill(),
                _ => store.freeze(),
            }
            let calls = issuer.requests().introspection;
            for _ in 0..20 {
                let began = Instant::now();
                assert!(accepts(&api, &opaque(&issuer)).await, "{trouble}");
                assert!(began.elapsed() < SLACK, "{trouble}: {:?}", began.elapsed());
            }
            assert_eq!(issuer.requests().introspection, calls + 20);
            match trouble {
                "killed" => store.start_again(),
                _ => store.thaw(),
            }
            until_it_works(&valkey).await;
            store.command("FLUSHALL").unwrap();
            until("answers are shared again", async || {
                assert!(accepts(&api, &opaque(&issuer)).await);
                entries(&store).iter().any(|it| it.contains(":answer:"))
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_replaced_removed_and_expires() {
    for store in Store::each(&[]) {
        let valkey = Valkey::connect(&store.url()).unwrap();
        until_it_works(&valkey).await;
        let (id, minute) = (AnswerId::from_bytes([1; 32]), Duration::from_secs(60));
        assert_eq!(valkey.get(id).await.unwrap(), None);
        for entry in [&b"one"[..], b"\0\r\n\xff"] {
            valkey.put(id, entry, minute).await.unwrap();
            assert_eq!(valkey.get(id).await.unwrap().unwrap(), entry);
        }
        valkey.remove(id).await.unwrap();
        assert_eq!(valkey.get(id).await.unwrap(), None);
        valkey.remove(id).await.unwrap();
        // Longer entries are not transferred in full.
        valkey.put(id, &[1; 100_000], minute).await.unwrap();
        assert_eq!(valkey.get(id).await.unwrap().unwrap().len(), 65_536);
        let short = Duration::from_millis(100);
        valkey.put(id, b"short", short).await.unwrap();
        until("the entry has expired", async || {
            valkey.get(id).await.unwrap().is_none()
        })
        .await;
        valkey.put(id, b"never", Duration::ZERO).await.unwrap();
        assert_eq!(valkey.get(id).await.unwrap(), None);
    }
}
