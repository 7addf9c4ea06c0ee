//! Answers that servers share.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use authz_core::{
    AnswerId, ClientAuthentication, Dpop, DpopProofs, Introspection, IntrospectionCache,
    IntrospectionCacheKey, Reason, all_scopes, any_valid_token, async_trait,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    server::{
        Api, ENDPOINT, NOW, Server, active, api, api_with, changed, get, issuer, issuer_named,
        opaque, secs,
    },
    support::{Failure, log::Log, settle},
};

/// A store in memory that a test can read, change and break.
#[derive(Clone, Debug, Default)]
struct Store(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    entries: HashMap<AnswerId, (Vec<u8>, Instant)>,
    trouble: Option<Trouble>,
    ttls: Vec<Duration>,
    gets: usize,
    removed: usize,
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Down,
    Frozen,
    Full,
}

impl Store {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn trouble(&self, trouble: impl Into<Option<Trouble>>) {
        self.state().trouble = trouble.into();
    }

    fn entries(&self) -> Vec<(AnswerId, Vec<u8>)> {
        let state = self.state();
        let entries = state.entries.iter();
        entries
            .map(|(id, (entry, _))| (*id, entry.clone()))
            .collect()
    }

    /// Replaces entries. The store itself would keep them for an hour.
    fn replace(&self, id: AnswerId, entry: Vec<u8>) {
        let until = Instant::now() + secs(3600);
        self.state().entries.insert(id, (entry, until));
    }

    async fn ready(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let trouble = self.state().trouble;
        match trouble {
            Some(Trouble::Down) => Err("connection refused".into()),
            Some(Trouble::Frozen) => std::future::pending().await,
            Some(Trouble::Full) | None => Ok(()),
        }
    }
}

#[async_trait]
impl IntrospectionCache for Store {
    async fn get(&self, id: AnswerId) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        self.state().gets += 1;
        self.ready().await?;
        let state = self.state();
        let entry = state.entries.get(&id);
        let entry = entry.filter(|(_, until)| Instant::now() < *until);
        Ok(entry.map(|(entry, _)| entry.clone()))
    }

    async fn put(
        &self,
        id: AnswerId,
        entry: &[u8],
        ttl: Duration,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.ready().await?;
        let mut state = self.state();
        if let Some(Trouble::Full) = state.trouble {
            return Err("out of memory".into());
        }
        state.ttls.push(ttl);
        let until = Instant::now() + ttl;
        state.entries.insert(id, (entry.to_vec(), until));
        Ok(())
    }

    async fn remove(&self, id: AnswerId) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.ready().await?;
        let mut state = self.state();
        state.removed += 1;
        state.entries.remove(&id);
        Ok(())
    }
}

fn key(byte: u8) -> IntrospectionCacheKey {
    IntrospectionCacheKey::new([byte; 32]).unwrap()
}

fn shared(store: &Store) -> Introspection {
    opaque().shared_cache(store.clone(), key(1))
}

fn api_sharing(server: &Server, store: &Store) -> Api {
    api(issuer(server, shared(store)))
}

/// The answer of an API to a token, and the wait for what it does afterwards.
async fn reason(api: &Api, token: &str) -> Option<Reason> {
    let reason = api.reason(token).await;
    settle().await;
    reason
}

#[tokio::test(start_paused = true)]
async fn servers_share_one_call() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    for _ in 0..3 {
        let api = api_sharing(&server, &store);
        let caller = api.get("t", &all_scopes(["read", "write"])).await.unwrap();
        assert_eq!(caller.subject(), Some("user"));
        assert_eq!(caller.claims()["client_id"], "app");
        settle().await;
    }
    assert_eq!(server.calls(), 1);
    // A hit is not shared again, and not longer.
    assert_eq!(store.state().ttls, [secs(30)]);
}

/// A shared answer is used until the same time as one of this server.
#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_dead_everywhere_after_the_time_of_one_answer() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    let apis = [(); 4].map(|()| api_sharing(&server, &store));
    for api in &apis {
        assert_eq!(reason(api, "t").await, None);
        for api in &apis {
            api.clock.advance(secs(7));
        }
        crate::support::pass(secs(7)).await;
    }
    server.revoke("t");
    for api in &apis {
        api.clock.advance(secs(2));
    }
    crate::support::pass(secs(2)).await;
    for api in &apis {
        assert_eq!(reason(api, "t").await, Some(Reason::InactiveToken));
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_to_live_is_at_most_that_of_the_token() {
    for (exp, ttl) in [
        (Value::from(NOW + 3600), Some(20)),
        (Value::Null, Some(20)),
        (Value::from(NOW + 12), Some(12)),
        // Accepted within the leeway, but not shared.
        (Value::from(NOW), None),
    ] {
        let (server, store) = (Server::new(), Store::default());
        server.says("t", changed("exp", exp.clone()));
        let one = api(issuer(&server, shared(&store).positive_ttl(secs(20))));
        assert_eq!(reason(&one, "t").await, None, "{exp}");
        assert_eq!(store.state().ttls, Vec::from_iter(ttl.map(secs)), "{exp}");
    }
    // Nothing to share.
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    let one = api(issuer(&server, shared(&store).positive_ttl(secs(0))));
    assert_eq!(reason(&one, "t").await, None);
    assert_eq!(store.entries(), []);
    assert_eq!(store.state().gets, 0);
}

/// The answer may have been true when the issuer was asked, and not when it came.
#[tokio::test(start_paused = true)]
async fn the_age_counts_from_the_call() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    server.hold();
    let one = api_sharing(&server, &store);
    let authorizer = one.authorizer.clone();
    let request =
        tokio::spawn(async move { get(&authorizer, "t", &any_valid_token()).await.is_ok() });
    one.pass(secs(3)).await;
    server.release();
    assert!(request.await.unwrap());
    settle().await;
    assert_eq!(store.state().ttls, [secs(27)]);
    for (id, entry) in store.entries() {
        store.replace(id, entry);
    }
    server.revoke("t");
    for (passed, expected) in [(29, None), (30, Some(Reason::InactiveToken))] {
        let two = api_sharing(&server, &store);
        two.clock.advance(secs(passed));
        assert_eq!(two.reason("t").await, expected, "{passed}");
    }
}

/// A store that keeps an entry too long, or lies about its age, does not keep a token alive.
#[tokio::test(start_paused = true)]
async fn an_old_entry_is_a_miss() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    let one = api_sharing(&server, &store);
    assert_eq!(reason(&one, "t").await, None);
    let [(id, entry)] = &store.entries()[..] else {
        panic!("not shared");
    };
    store.replace(*id, entry.clone());
    server.revoke("t");
    for (passed, expected) in [(29, None), (30, Some(Reason::InactiveToken))] {
        let two = api_sharing(&server, &store);
        two.clock.advance(secs(passed));
        assert_eq!(two.reason("t").await, expected, "{passed}");
    }
    settle().await;
    // By a clock that is far behind the other server's.
    store.replace(*id, entry.clone());
    for (behind, expected) in [(1, None), (2, Some(Reason::InactiveToken))] {
        let two = api_sharing(&server, &store);
        two.clock.set(std::time::UNIX_EPOCH + secs(NOW - behind));
        assert_eq!(two.reason("t").await, expected, "{behind}");
    }
}

/// One server accepts the token by its settings. Another with stricter ones does not believe it.
#[tokio::test(start_paused = true)]
async fn every_check_runs_on_a_shared_answer() {
    let jkt = json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"});
    for (member, value, expected) in [
        ("exp", json!(NOW + 10), Reason::Expired),
        ("nbf", json!(NOW + 40), Reason::NotYetValid),
        ("aud", json!("https://other.example"), Reason::WrongAudience),
        ("client_id", json!("other"), Reason::WrongClient),
        ("cnf", jkt, Reason::SenderConstrained),
        ("scope", json!("read"), Reason::InsufficientScope),
    ] {
        let (server, store) = (Server::new(), Store::default());
        server.says("t", changed(member, value));
        let lenient = issuer(&server, shared(&store))
            .audience("https://other.example")
            .leeway(secs(60))
            .dpop(Dpop::Accepted);
        let proofs = DpopProofs::for_public_url("https://api.example");
        let one = api_with(lenient, |it| it.dpop_proofs(proofs));
        reason(&one, "t").await;
        let [(id, entry)] = &store.entries()[..] else {
            panic!("{member}: not shared");
        };
        store.replace(*id, entry.clone());
        let strict = issuer(&server, shared(&store)).clients(["app"]);
        let two = api(strict.leeway(secs(0)));
        two.clock.advance(secs(12));
        let policy = all_scopes(["read", "write"]);
        let second = two.get("t", &policy).await.unwrap_err();
        assert_eq!(second.reason(), expected, "{member}");
        assert_eq!(server.calls(), 1, "{member}");
        settle().await;
        // Others don't get an answer that was refused.
        let is_kept = member == "scope";
        assert_eq!(store.entries().len(), usize::from(is_kept), "{member}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_not_shared_and_removes_what_is() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    server.says("u", changed("aud", "https://other.example"));
    let one = api_sharing(&server, &store);
    for token in ["u", "invented", "t"] {
        reason(&one, token).await;
    }
    assert_eq!(store.entries().len(), 1);
    assert_eq!(store.state().removed, 2);
    server.revoke("t");
    // A server that uses answers for a shorter time asks earlier.
    let short = api(issuer(&server, shared(&store).positive_ttl(secs(10))));
    short.clock.advance(secs(10));
    assert_eq!(reason(&short, "t").await, Some(Reason::InactiveToken));
    assert_eq!(store.entries(), []);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_these_servers_did_not_make_is_a_miss() {
    let (server, store) = (Server::new(), Store::default());
    for token in ["t", "u"] {
        server.says(token, changed("sub", token));
        assert_eq!(reason(&api_sharing(&server, &store), token).await, None);
    }
    let [(one, entry), (other, other_entry)] = &store.entries()[..] else {
        panic!("not shared");
    };
    let mut changes = vec![
        Vec::new(),
        b"1".to_vec(),
        entry[..entry.len() - 1].to_vec(),
        [&entry[..], b"0"].concat(),
        vec![0; 65_537],
        vec![0; 1 << 20],
        // Answers about other tokens.
        other_entry.clone(),
        active().to_string().into_bytes(),
    ];
    for at in 0..entry.len() {
        let mut changed = entry.clone();
        changed[at] ^= 0x80;
        changes.push(changed);
    }
    for changed in changes {
        for (id, entry) in [(*one, changed), (*other, entry.clone())] {
            store.replace(id, entry);
        }
        for token in ["t", "u"] {
            let (api, calls) = (api_sharing(&server, &store), server.calls());
            let caller = api.get(token, &any_valid_token()).await.unwrap();
            assert_eq!(caller.subject(), Some(token));
            assert_eq!(server.calls(), calls + 1);
            settle().await;
        }
    }
    // The entries as they were are hits.
    store.replace(*one, entry.clone());
    store.replace(*other, other_entry.clone());
    let calls = server.calls();
    for token in ["t", "u"] {
        assert_eq!(api_sharing(&server, &store).reason(token).await, None);
    }
    assert_eq!(server.calls(), calls);
}

/// The issuer may answer another client in another way, and a signed answer is worth more than another.
#[tokio::test(start_paused = true)]
async fn other_keys_issuers_and_clients_share_nothing() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    assert_eq!(reason(&api_sharing(&server, &store), "t").await, None);
    let id = store.entries()[0].0;
    let other_client = ClientAuthentication::client_secret_basic("other", "secret");
    let other_client = Introspection::opaque(other_client).endpoint(ENDPOINT);
    for (introspection, expected) in [
        (opaque().shared_cache(store.clone(), key(2)), None),
        (other_client.shared_cache(store.clone(), key(1)), None),
        (
            shared(&store).signed(),
            Some(Reason::IntrospectionUnavailable),
        ),
    ] {
        let calls = server.calls();
        let api = api(issuer(&server, introspection));
        assert_eq!(reason(&api, "t").await, expected);
        assert_eq!(server.calls(), calls + 1);
    }
    server.says("t", changed("iss", ()));
    let other = issuer_named("https://other.example/", &server, shared(&store));
    assert_eq!(reason(&api(other), "t").await, None);
    let others = store.entries();
    assert_eq!(others.iter().filter(|(it, _)| *it == id).count(), 1);
    assert_eq!(others.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_store_in_trouble_is_not_asked_by_each_request() {
    for (trouble, wait) in [(Trouble::Down, 0), (Trouble::Frozen, 100)] {
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.subscriber(LevelFilter::INFO));
        let (server, store) = (Server::new(), Store::default());
        server.says_otherwise(active());
        let api = api_sharing(&server, &store);
        store.trouble(trouble);
        let began = Instant::now();
        for i in 0..50 {
            assert_eq!(reason(&api, &format!("t{i}")).await, None, "{trouble:?}");
        }
        assert_eq!(began.elapsed(), Duration::from_millis(wait));
        assert_eq!(store.state().gets, 1);
        assert_eq!(server.calls(), 50);
        for second in 1..5 {
            api.pass(secs(1)).await;
            for i in 0..10 {
                assert_eq!(reason(&api, &format!("t{second}-{i}")).await, None);
            }
            assert_eq!(store.state().gets, 1 + second, "one tries alone");
        }
        store.trouble(None);
        // The last attempt to write ends, and then its pause.
        api.pass(secs(1)).await;
        api.pass(secs(1)).await;
        assert_eq!(reason(&api, "new").await, None);
        assert_eq!(store.entries().len(), 1, "shared again");
        drop(guard);
        let log = log.text();
        assert_eq!(log.matches("answers are not shared").count(), 2, "{log}");
        assert_eq!(log.matches("are shared again").count(), 2, "{log}");
    }
}

/// Nothing can be written, but what is there is used.
#[tokio::test(start_paused = true)]
async fn a_full_store_is_still_read() {
    let (server, store) = (Server::new(), Store::default());
    server.says_otherwise(active());
    assert_eq!(reason(&api_sharing(&server, &store), "t").await, None);
    store.trouble(Trouble::Full);
    let api = api_sharing(&server, &store);
    assert_eq!(reason(&api, "u").await, None);
    let calls = server.calls();
    assert_eq!(reason(&api, "t").await, None);
    assert_eq!(server.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn shared_answers_are_used_while_the_issuer_is_down() {
    let (server, store) = (Server::new(), Store::default());
    server.says("t", active());
    assert_eq!(reason(&api_sharing(&server, &store), "t").await, None);
    server.fail(Failure::Status(500));
    let api = api_sharing(&server, &store);
    for _ in 0..2 {
        let unavailable = Some(Reason::IntrospectionUnavailable);
        assert_eq!(reason(&api, "u").await, unavailable);
    }
    assert_eq!(reason(&api, "t").await, None);
    // The hit says nothing about the issuer: its third failure in a row holds calls back.
    reason(&api, "u").await;
    let calls = server.calls();
    reason(&api, "u").await;
    assert_eq!(server.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn invented_tokens_are_looked_up_within_the_budget() {
    let (server, store) = (Server::new(), Store::default());
    let api = api(issuer(&server, shared(&store).invalid_tokens(5, secs(1))));
    for i in 0..100 {
        reason(&api, &format!("t{i}")).await;
    }
    assert_eq!((store.state().gets, server.calls()), (5, 5));
    assert_eq!(store.entries(), []);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_token_is_readable_in_the_store() {
    let (server, store) = (Server::new(), Store::default());
    server.says("SECRET-TOKEN", active());
    let api = api_sharing(&server, &store);
    assert_eq!(reason(&api, "SECRET-TOKEN").await, None);
    let text = format!("{:?}", api.authorizer);
    assert!(!text.contains("SECRET-TOKEN"), "{text}");
    let (id, entry) = &store.entries()[0];
    // Nor can a guess be looked up.
    let sha256 = URL_SAFE_NO_PAD.decode("zAOcsbZm8O6hWE8KsJysrA5csbbROFosxbvvU66Usi0");
    assert_ne!(id.as_bytes()[..], sha256.unwrap());
    for word in [
        "SECRET-TOKEN",
        "active",
        "user",
        "app",
        "read",
        "issuer",
        "1900003600",
    ] {
        let found = entry.windows(word.len()).any(|it| it == word.as_bytes());
        assert!(!found, "{word}");
    }
}

#[cfg(feature = "metrics")]
#[tokio::test(start_paused = true)]
async fn lookups_are_counted_by_result() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder: &'static _ = Box::leak(Box::new(DebuggingRecorder::new()));
    let snapshots = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(recorder);
    let (server, store) = (Server::new(), Store::default());
    server.says_otherwise(active());
    assert_eq!(reason(&api_sharing(&server, &store), "t").await, None);
    let api = api_sharing(&server, &store);
    for token in ["t", "t", "u"] {
        assert_eq!(reason(&api, token).await, None);
    }
    store.trouble(Trouble::Down);
    for token in ["v", "w"] {
        api.reason(token).await;
    }
    let mut counts = HashMap::new();
    for (key, _, _, value) in snapshots.snapshot().into_vec() {
        if key.key().name() == "authz_introspection_shared_lookups_total"
            && let DebugValue::Counter(count) = value
        {
            let result = key.key().labels().find(|it| it.key() == "result").unwrap();
            counts.insert(result.value().to_owned(), count);
        }
    }
    let expected = [("hit", 1), ("miss", 2), ("failed", 2)];
    let expected = expected.map(|(result, count)| (result.to_owned(), count));
    assert_eq!(counts, HashMap::from(expected));
}
