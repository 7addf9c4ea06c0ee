//! Several issuers in one API, and tenants that appear at run time.

mod support;

use std::time::Duration;

use authz_core::{
    Algorithm, Authorizer, BuildError, Issuer, Reason, Tenants, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, RemoteJwks, StaticKeys},
};
use authz_testkit::{SigningKey, TokenBuilder};
use support::{KeyServer, pass, refusal, status};

const API: &str = "https://api.example";

fn static_keys(key: &SigningKey) -> StaticKeys {
    let jwks = serde_json::json!({"keys": [key.public_jwk()]});
    StaticKeys::from_jwks(jwks.to_string().as_bytes()).unwrap()
}

#[tokio::test]
async fn each_issuer_has_its_own_keys_and_rules() {
    // The same kid at both: the key is looked up only within the issuer.
    let a = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let b = SigningKey::generate(Algorithm::ES256).with_kid("1");
    let authorizer = Authorizer::builder()
        .trust(
            Issuer::new("https://a.example")
                .audience("for-a")
                .algorithms([Algorithm::ES256])
                .keys(static_keys(&a)),
        )
        .trust(
            Issuer::new("https://b.example")
                .audience("for-b")
                .algorithms([Algorithm::ES256])
                .strict_rfc9068()
                .keys(static_keys(&b)),
        )
        .build()
        .unwrap();
    let token = |key: &SigningKey, issuer: &str, audience: &str| {
        TokenBuilder::new(key).issuer(issuer).audience(audience)
    };
    let good_a = token(&a, "https://a.example", "for-a");
    let good_b = token(&b, "https://b.example", "for-b");
    for (name, token, expected) in [
        ("a", good_a.clone(), None),
        ("b", good_b.clone(), None),
        (
            "a by b's key",
            token(&b, "https://a.example", "for-a"),
            Some(Reason::InvalidSignature),
        ),
        (
            "b by a's key",
            token(&a, "https://b.example", "for-b"),
            Some(Reason::InvalidSignature),
        ),
        (
            "a for b's audience",
            token(&a, "https://a.example", "for-b"),
            Some(Reason::WrongAudience),
        ),
        (
            "c",
            token(&a, "https://c.example", "for-a"),
            Some(Reason::WrongIssuer),
        ),
        ("a as JWT", good_a.clone().typ(Some("JWT")), None),
        (
            "b as JWT",
            good_b.clone().typ(Some("JWT")),
            Some(Reason::WrongTokenType),
        ),
        (
            "b without jti",
            good_b.clone().without("jti"),
            Some(Reason::MissingClaim),
        ),
    ] {
        let outcome = authorizer.verify(&token.build()).await;
        assert_eq!(
            outcome.err().map(|rejection| rejection.reason()),
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_algorithm_of_one_issuer_is_none_of_the_other() {
    let (ec, rsa) = (
        SigningKey::shared(Algorithm::ES256),
        SigningKey::shared(Algorithm::RS256),
    );
    let both = static_keys(&ec).and(static_keys(&rsa));
    let authorizer = Authorizer::builder()
        .issuer("https://a.example")
        .audience(API)
        .keys(both)
        .trust(
            Issuer::new("https://b.example")
                .audience(API)
                .algorithms([Algorithm::ES256])
                .keys(static_keys(&ec)),
        )
        .build()
        .unwrap();
    let token = TokenBuilder::new(&ec)
        .issuer("https://a.example")
        .audience(API)
        .build();
    let rejection = authorizer.verify(&token).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::AlgorithmNotAllowed);
}

#[test]
fn mistakes_are_told_when_the_authorizer_is_built() {
    let issuer = || {
        Issuer::new("https://a.example")
            .audience(API)
            .keys(static_keys(&SigningKey::shared(Algorithm::ES256)))
    };
    for (name, builder, message) in [
        ("nothing", Authorizer::builder(), "no issuer is configured"),
        (
            "no audience",
            Authorizer::builder().issuer("https://a.example"),
            "has no audience",
        ),
        (
            "no issuer",
            Authorizer::builder().audience(API).trust(issuer()),
            "no issuer is configured",
        ),
        (
            "empty audience",
            Authorizer::builder()
                .issuer("https://a.example")
                .audience(""),
            "empty audience",
        ),
        (
            "no algorithms",
            Authorizer::builder().trust(issuer().algorithms([])),
            "empty list of algorithms",
        ),
        (
            "twice",
            Authorizer::builder().trust(issuer()).trust(issuer()),
            "configured twice",
        ),
        (
            "http",
            Authorizer::builder()
                .issuer("http://a.example")
                .audience(API),
            "does not use https",
        ),
        (
            "no url",
            Authorizer::builder().issuer("tenant").audience(API),
            "is not a URL",
        ),
        (
            "http keys",
            Authorizer::builder()
                .issuer("https://a.example")
                .audience(API)
                .jwks_uri("http://a.example/jwks"),
            "does not use https",
        ),
        (
            "resource",
            Authorizer::builder().trust(issuer()).resource("api"),
            "not an absolute",
        ),
        (
            "fragment",
            Authorizer::builder()
                .trust(issuer())
                .resource("https://api.example/#x"),
            "not an absolute",
        ),
        (
            "pattern",
            Authorizer::builder().tenants(Tenants::matching("https://{a}").audience(API)),
            "no pattern for tenants",
        ),
        (
            "no tenant audience",
            Authorizer::builder().tenants(Tenants::matching("https://{a}.b.example")),
            "has no audience",
        ),
        (
            "shared keys",
            Authorizer::builder().tenants(
                Tenants::matching("https://{a}.b.example")
                    .rules(|it| it.audience(API).jwks_uri("https://b.example/jwks")),
            ),
            "keys of one would verify",
        ),
    ] {
        let error = builder.build().expect_err(name).to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
}

/// Tenants at `https://NAME.login.example/`, each with a key server of its own.
#[derive(Clone, Debug)]
struct Provider(std::sync::Arc<std::collections::HashMap<String, KeyServer>>);

#[async_trait]
impl Fetcher for Provider {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let host = request.url.host_str().unwrap().to_owned();
        let Some(server) = self.0.get(&host) else {
            return Err(FetchError::Transport(format!("no host {host}").into()));
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

fn pattern(provider: &Provider) -> Tenants {
    let provider = provider.clone();
    Tenants::matching("https://{tenant}.login.example/")
        .audience(API)
        .rules(|issuer| issuer.algorithms([Algorithm::ES256]))
        .keys(move |keys| keys.fetcher(provider.clone()))
}

fn tenant_token(tenant: &str, key: &SigningKey) -> String {
    let issuer = format!("https://{tenant}.login.example/");
    TokenBuilder::new(key).issuer(issuer).audience(API).build()
}

#[tokio::test(start_paused = true)]
async fn tenants_are_taken_on_as_their_tokens_come() {
    let (provider, keys) = tenants(&["a", "b"]);
    let authorizer = Authorizer::builder()
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

#[tokio::test(start_paused = true)]
async fn tenants_that_are_not_allowed_cost_nothing() {
    let (provider, keys) = tenants(&["a", "b"]);
    let tenants = pattern(&provider).allow(|tenant| tenant == "a");
    let authorizer = Authorizer::builder().tenants(tenants).build().unwrap();
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
    let authorizer = Authorizer::builder().tenants(tenants).build().unwrap();
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
    let authorizer = Authorizer::builder()
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
    let authorizer = Authorizer::builder().tenants(tenants).build().unwrap();
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
    let authorizer = Authorizer::builder()
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

#[test]
fn errors_of_the_key_source_name_the_issuer() {
    let error = Authorizer::builder()
        .issuer("http://plain.example")
        .audience(API)
        .build()
        .unwrap_err();
    assert!(
        matches!(error, BuildError::Keys { ref issuer, .. } if issuer == "http://plain.example")
    );
    assert!(
        RemoteJwks::at("https://fine.example")
            .timeout(Duration::ZERO)
            .build()
            .is_err()
    );
}
