//! Tenants: issuers that appear at run time.

mod support;

use std::time::Duration;

use authz_core::{
    Algorithm, Authorizer, Issuer, Reason, Tenants, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher},
};
use authz_testkit::{SigningKey, TokenBuilder};
use support::{KeyServer, pass, refusal, status};

const API: &str = "https://api.example";

/// Tenants at `https://NAME.login.example/`, each with a key server of its own.
#[derive(Clone, Debug)]
struct Provider(std::sync::Arc<std::collections::HashMap<String, KeyServer>>);

#[async_trait]
impl Fetcher for Provider {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let host = request.url.host_str().unwrap().to_owned();
        let Some(server) = self.0.get(&host) else {
            return Err(FetchError::transport(format!("no host {host}")));
        };
        if request
            .url
            .path()
            .starts_with("/.well-known/openid-configuration")
        {
            let metadata = serde_json::json!({
                "issuer": format!("https://{host}/"),
                "jwks_uri": format!("https://{host}/jwks"),
            });
            return Ok(Fetched {
                status: http::StatusCode::OK,
                headers: http::HeaderMap::new(),
                body: metadata.to_string().into(),
            });
        }
        server.get(request).await
    }
}

fn tenants(names: &[&str]) -> (Provider, Vec<SigningKey>) {
    let keys: Vec<_> = names
        .iter()
        .map(|_| SigningKey::generate(Algorithm::ES256).with_kid("1"))
        .collect();
    let servers = names.iter().zip(&keys).map(|(name, key)| {
        (
            format!("{name}.login.example"),
            KeyServer::new([key.clone()]),
        )
    });
    (Provider(std::sync::Arc::new(servers.collect())), keys)
}

fn issuer(provider: &Provider) -> Issuer {
    let provider = provider.clone();
    Issuer::new("https://{tenant}.login.example/")
        .audience(API)
        .algorithms([Algorithm::ES256])
        .key_settings(move |keys| keys.fetcher(provider.clone()))
}

fn pattern(provider: &Provider) -> Tenants {
    Tenants::matching(issuer(provider))
}

fn tenant_token(tenant: &str, key: &SigningKey) -> String {
    let issuer = format!("https://{tenant}.login.example/");
    TokenBuilder::new(key).issuer(issuer).audience(API).build()
}

#[tokio::test(start_paused = true)]
async fn tenants_are_taken_on_as_their_tokens_come() {
    let (provider, keys) = tenants(&["a", "b"]);
    let authorizer = support::authorizer()
        .tenants(pattern(&provider))
        .build()
        .unwrap();
    assert_eq!(status(&authorizer, &tenant_token("a", &keys[0])).await, 200);
    assert_eq!(status(&authorizer, &tenant_token("b", &keys[1])).await, 200);
    // One tenant's key is no other's.
    let crossed = refusal(&authorizer, &tenant_token("b", &keys[0])).await;
    assert_eq!(crossed.reason(), Reason::InvalidSignature);
    let stranger = TokenBuilder::new(&keys[0])
        .issuer("https://login.example/")
        .audience(API);
    assert_eq!(
        refusal(&authorizer, &stranger.build()).await.reason(),
        Reason::WrongIssuer
    );
    assert_eq!(authorizer.key_status().len(), 2);
}

/// As the guide's recipe for Entra ID has it: where a customer's application is both the client and the API,
/// nothing else tells its ID tokens from its access tokens.
#[tokio::test(start_paused = true)]
async fn an_id_token_of_a_tenant_is_no_access_token() {
    let (provider, keys) = tenants(&["a"]);
    let tenants = Tenants::matching(issuer(&provider).one_of_claims(["azp", "appid", "scp"]));
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    let token = || {
        TokenBuilder::new(&keys[0])
            .issuer("https://a.login.example/")
            .audience(API)
    };
    let rejection = refusal(&authorizer, &token().claim("nonce", "n").build()).await;
    assert_eq!(rejection.reason(), Reason::WrongClaim);
    let access = token().claim("scp", "read").build();
    assert_eq!(status(&authorizer, &access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn tenants_that_are_not_allowed_cost_nothing() {
    let (provider, keys) = tenants(&["a", "b"]);
    let tenants = pattern(&provider).allow(|tenant| tenant == "a");
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    assert_eq!(status(&authorizer, &tenant_token("a", &keys[0])).await, 200);
    let rejection = refusal(&authorizer, &tenant_token("b", &keys[1])).await;
    assert_eq!(rejection.reason(), Reason::WrongIssuer);
    assert_eq!(provider.0["b.login.example"].requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn made_up_tenants_are_bounded_and_do_not_displace_real_ones() {
    let (provider, keys) = tenants(&["a"]);
    let tenants = pattern(&provider)
        .max(10)
        .new_tenants(20, Duration::from_secs(1));
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    assert_eq!(status(&authorizer, &tenant_token("a", &keys[0])).await, 200);
    for i in 0..200 {
        let rejection = refusal(&authorizer, &tenant_token(&format!("fake-{i}"), &keys[0])).await;
        assert_eq!(rejection.reason(), Reason::KeysUnavailable, "{i}");
        assert!(rejection.retry_after().is_some());
    }
    assert!(authorizer.key_status().len() <= 10);
    assert_eq!(status(&authorizer, &tenant_token("a", &keys[0])).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_real_tenant_finds_room_among_made_up_ones_and_waits_where_all_are_real() {
    let (provider, keys) = tenants(&["a", "b", "c"]);
    let authorizer = support::authorizer()
        .tenants(pattern(&provider).max(2))
        .build()
        .unwrap();
    assert_eq!(
        status(&authorizer, &tenant_token("fake", &keys[0])).await,
        503
    );
    assert_eq!(status(&authorizer, &tenant_token("a", &keys[0])).await, 200);
    assert_eq!(status(&authorizer, &tenant_token("b", &keys[1])).await, 200);
    assert_eq!(status(&authorizer, &tenant_token("c", &keys[2])).await, 503);
    assert_eq!(status(&authorizer, &tenant_token("a", &keys[0])).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_retired_tenant_is_refused_cached_tokens_included() {
    let (provider, keys) = tenants(&["a"]);
    let allowed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let tenants = pattern(&provider).allow({
        let allowed = allowed.clone();
        move |_| allowed.load(std::sync::atomic::Ordering::SeqCst)
    });
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    let token = tenant_token("a", &keys[0]);
    assert_eq!(status(&authorizer, &token).await, 200);
    allowed.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(status(&authorizer, &token).await, 200);
    authorizer.retire_tenant("https://a.login.example/");
    assert_eq!(
        refusal(&authorizer, &token).await.reason(),
        Reason::WrongIssuer
    );
}

#[tokio::test(start_paused = true)]
async fn a_tenants_withdrawn_key_is_refused_after_its_lifetime() {
    let (provider, keys) = tenants(&["a"]);
    let authorizer = support::authorizer()
        .tenants(pattern(&provider))
        .build()
        .unwrap();
    let token = tenant_token("a", &keys[0]);
    assert_eq!(status(&authorizer, &token).await, 200);
    let server = &provider.0["a.login.example"];
    server.withdraw(&keys[0]);
    server.publish(&SigningKey::generate(Algorithm::ES256));
    pass(Duration::from_secs(601)).await;
    assert_eq!(status(&authorizer, &token).await, 401);
}

#[tokio::test(start_paused = true)]
async fn strangers_neither_lock_real_tenants_out_nor_displace_idle_ones() {
    let names: Vec<_> = (0..50).map(|i| format!("real-{i}")).collect();
    let (provider, keys) = tenants(&names.iter().map(String::as_str).collect::<Vec<_>>());
    // Strangers who never use a name again, and strangers who use each ten times.
    for repeat in [1, 10] {
        let authorizer = support::authorizer()
            .tenants(pattern(&provider))
            .build()
            .unwrap();
        let good: Vec<_> = (names.iter().zip(&keys))
            .map(|(name, key)| tenant_token(name, key))
            .collect();
        let mut last = vec![0; good.len()];
        for tick in 0..3000 {
            pass(Duration::from_millis(100)).await;
            for i in 0..10 {
                let stranger = format!("fake-{}", (tick * 10 + i) / repeat);
                let answer = status(&authorizer, &tenant_token(&stranger, &keys[0])).await;
                assert_eq!(answer, 503);
            }
            let real = tick % good.len();
            last[real] = status(&authorizer, &good[real]).await;
        }
        assert_eq!(last, vec![200; good.len()]);

        // A day later, with strangers still asking, everybody who was good before is let in at once.
        for tick in 0..1200 {
            let stranger = tenant_token(&format!("late-{tick}"), &keys[0]);
            let _ = status(&authorizer, &stranger).await;
            pass(Duration::from_secs(100)).await;
        }
        for token in &good {
            assert_eq!(status(&authorizer, token).await, 200);
        }
        assert!(authorizer.key_status().len() <= 1000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_was_displaced_while_its_keys_were_fetched_is_dead_to_its_tokens() {
    let (provider, keys) = tenants(&["a", "b"]);
    let tenants = pattern(&provider).max(1);
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    let token = tenant_token("a", &keys[0]);
    let server = &provider.0["a.login.example"];
    server.hold();
    let waiting = tokio::spawn({
        let (authorizer, token) = (authorizer.clone(), token.clone());
        async move { status(&authorizer, &token).await }
    });
    support::settle().await;
    let other = tenant_token("made-up", &keys[0]);
    assert_eq!(status(&authorizer, &other).await, 503);
    server.release();
    assert_eq!(waiting.await.unwrap(), 503);
    authorizer.retire_tenant("https://a.login.example/");
    // Nothing is left of the first admission: the tenant is admitted anew, and retired anew.
    assert_eq!(status(&authorizer, &token).await, 200);
    authorizer.retire_tenant("https://a.login.example/");
    server.fail(support::Failure::Status(500));
    assert_eq!(status(&authorizer, &token).await, 503);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_retired_while_its_keys_are_fetched_is_refused() {
    let (provider, keys) = tenants(&["a"]);
    let authorizer = support::authorizer()
        .tenants(pattern(&provider))
        .build()
        .unwrap();
    let server = &provider.0["a.login.example"];
    server.hold();
    let waiting = tokio::spawn({
        let (authorizer, token) = (authorizer.clone(), tenant_token("a", &keys[0]));
        async move { refusal(&authorizer, &token).await.reason() }
    });
    support::settle().await;
    authorizer.retire_tenant("https://a.login.example/");
    server.release();
    assert_eq!(waiting.await.unwrap(), Reason::WrongIssuer);
}

/// `allow` says yes, the tenant is retired, and only then is it admitted.
#[tokio::test(start_paused = true)]
async fn what_allow_said_before_a_retirement_is_asked_again() {
    use std::sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    };

    let (provider, keys) = tenants(&["a"]);
    let asked = Arc::new(AtomicUsize::new(0));
    let authorizer: Arc<OnceLock<Authorizer>> = Arc::default();
    let tenants = pattern(&provider).allow({
        let (asked, authorizer) = (Arc::clone(&asked), Arc::clone(&authorizer));
        move |_| {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            if first {
                // As another thread might, while this one answers. No lock is held here.
                let authorizer = authorizer.get().expect("it is built");
                authorizer.retire_tenant("https://a.login.example/");
            }
            first
        }
    });
    let built = support::authorizer().tenants(tenants).build().unwrap();
    authorizer.set(built.clone()).unwrap();
    let rejection = refusal(&built, &tenant_token("a", &keys[0])).await;
    assert_eq!(rejection.reason(), Reason::WrongIssuer);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert!(built.key_status().is_empty());
}

#[test]
fn a_tenant_takes_ten_kibibytes_at_most() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let _context = runtime.enter();
    let (provider, _) = tenants(&[]);
    let key = SigningKey::shared(Algorithm::ES256);
    let audiences = (0..50).map(|i| format!("https://api-{i}.example"));
    let issuer = audiences.fold(issuer(&provider), Issuer::audience);
    let tenants = Tenants::matching(issuer).new_tenants(1000, Duration::from_secs(1));
    let authorizer = support::authorizer().tenants(tenants).build().unwrap();
    let issuer = |i| format!("https://tenant-{i}.login.example/");
    let tokens: Vec<_> = (0..500)
        .map(|i| {
            TokenBuilder::new(&key)
                .issuer(issuer(i))
                .audience("https://api-0.example")
                .build()
        })
        .collect();
    let ask = |tokens: &[String]| {
        runtime.block_on(async {
            for token in tokens {
                assert_eq!(status(&authorizer, token).await, 503);
            }
            support::settle().await;
        });
    };
    ask(&tokens[..250]);
    let kept = allocation_counter::measure(|| ask(&tokens[250..])).bytes_current;
    assert_eq!(authorizer.key_status().len(), 500);
    let each = kept / 250;
    assert!((500..=10 * 1024).contains(&each), "{each} bytes");
}

#[tokio::test(start_paused = true)]
async fn dots_stand_in_a_tenants_name_where_the_pattern_lets_them() {
    let (provider, keys) = tenants(&["acme.com"]);
    let token = tenant_token("acme.com", &keys[0]);
    let strict = support::authorizer()
        .tenants(pattern(&provider))
        .build()
        .unwrap();
    assert_eq!(refusal(&strict, &token).await.reason(), Reason::WrongIssuer);
    let lenient = pattern(&provider).dots_in_names();
    let lenient = support::authorizer().tenants(lenient).build().unwrap();
    assert_eq!(status(&lenient, &token).await, 200);
}

/// An `allow` that follows a list of tenants, and removes those that are gone from it.
#[tokio::test(start_paused = true)]
async fn allow_may_retire_other_tenants_each_time_it_is_asked() {
    use std::sync::{Arc, OnceLock};

    let (provider, keys) = tenants(&["a"]);
    let authorizer: Arc<OnceLock<Authorizer>> = Arc::default();
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let tenants = pattern(&provider).allow({
        let (asked, authorizer) = (Arc::clone(&asked), Arc::clone(&authorizer));
        move |_| {
            let times = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            assert!(times < 100, "asked for ever");
            let authorizer = authorizer.get().expect("it is built");
            authorizer.retire_tenant("https://gone.login.example/");
            true
        }
    });
    let built = support::authorizer().tenants(tenants).build().unwrap();
    authorizer.set(built.clone()).unwrap();
    assert_eq!(status(&built, &tenant_token("a", &keys[0])).await, 200);
}

/// Strangers who keep the first place in the queue with one name that was asked for often.
#[tokio::test(start_paused = true)]
async fn a_real_tenant_waits_no_longer_than_strangers_pay_for() {
    let (provider, keys) = tenants(&["real"]);
    let authorizer = support::authorizer()
        .tenants(pattern(&provider))
        .build()
        .unwrap();
    let fake = |name: String| tenant_token(&name, &keys[0]);
    for i in 0..20 {
        let _ = status(&authorizer, &fake(format!("drain-{i}"))).await;
    }
    let real = tenant_token("real", &keys[0]);
    let (mut sent, mut asked) = (0, 0);
    for round in 0..60 {
        // Asked for 200 times while no place is free, it is the first of those that wait.
        let strong = fake(format!("strong-{round}"));
        for _ in 0..200 {
            let _ = status(&authorizer, &strong).await;
            sent += 1;
        }
        for _ in 0..9 {
            pass(Duration::from_secs(1)).await;
            asked += 1;
            if status(&authorizer, &real).await == 200 {
                // Some 20 strange requests a second.
                assert!(asked <= 20, "{asked} requests, {sent} by strangers");
                return;
            }
        }
        pass(Duration::from_millis(900)).await;
        let _ = status(&authorizer, &strong).await;
        for i in 0..20 {
            let _ = status(&authorizer, &fake(format!("drain-{round}-{i}"))).await;
            sent += 1;
        }
    }
    panic!("not admitted in {asked} requests, {sent} by strangers");
}

/// An application that says yes to a tenant and removes it in the same breath.
#[tokio::test(start_paused = true)]
async fn allow_is_not_asked_for_ever() {
    use std::sync::{Arc, OnceLock};

    let (provider, keys) = tenants(&["a"]);
    let authorizer: Arc<OnceLock<Authorizer>> = Arc::default();
    let tenants = pattern(&provider).allow({
        let authorizer = Arc::clone(&authorizer);
        move |name| {
            let authorizer = authorizer.get().expect("it is built");
            authorizer.retire_tenant(&format!("https://{name}.login.example/"));
            true
        }
    });
    let built = support::authorizer().tenants(tenants).build().unwrap();
    authorizer.set(built.clone()).unwrap();
    assert_eq!(status(&built, &tenant_token("a", &keys[0])).await, 503);
    assert!(built.key_status().is_empty());
}
