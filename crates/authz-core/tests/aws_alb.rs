//! Tokens that an AWS Application Load Balancer sends in `x-amzn-oidc-data`: padded, with signer and
//! client in the header, and with a key that is published as PEM under its `kid`.

mod support;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use authz_core::{
    Authorizer, Issuer, Reason, RequestParts, TokenSource, any_valid_token, async_trait,
    jwks::{FetchError, FetchRequest, Fetched, Fetcher, StaticKeys},
};
use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const ISSUER: &str = "https://login.example";
const SIGNER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/50dc6c495c0c9188";
const CLIENT: &str = "client-id";
const KID: &str = "c2f80c8b-c05c-4068-af14-17299f7896b1";
const OTHER_ISSUER: &str = "https://other.example";
const AUDIENCE: &str = "https://api.example";

/// The region's key server.
#[derive(Clone, Debug, Default)]
struct KeyServer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    keys: HashMap<String, String>,
    failing: Option<u16>,
    requests: Vec<String>,
}

impl KeyServer {
    fn with(key: &SigningKey) -> Self {
        let server = Self::default();
        let kid = key.kid().unwrap().to_owned();
        let keys = &mut server.0.lock().unwrap().keys;
        keys.insert(kid, key.public_pem());
        server.clone()
    }

    fn fail(&self, status: Option<u16>) {
        self.0.lock().unwrap().failing = status;
    }

    fn withdraw_all(&self) {
        self.0.lock().unwrap().keys.clear();
    }

    fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().requests.clone()
    }
}

#[async_trait]
impl Fetcher for KeyServer {
    async fn get(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let mut state = self.0.lock().unwrap();
        state.requests.push(request.url.to_string());
        let kid = request.url.path().trim_start_matches('/');
        let (status, body) = match (state.failing, state.keys.get(kid)) {
            (Some(status), _) => (status, String::new()),
            (None, Some(pem)) => (200, pem.clone()),
            (None, None) => (404, String::new()),
        };
        Ok(Fetched {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        })
    }
}

/// A token as a load balancer writes it, before it is changed.
struct AlbToken {
    key: SigningKey,
    header: Value,
    payload: Value,
}

impl AlbToken {
    fn new(key: &SigningKey) -> Self {
        let exp = now() + 120;
        Self {
            key: key.clone(),
            header: json!({
                "typ": "JWT", "kid": key.kid(), "alg": "ES256", "iss": ISSUER, "client": CLIENT,
                "signer": SIGNER, "exp": exp,
            }),
            payload: json!({
                "sub": "1234567890", "name": "name", "email": "alias@example.com", "exp": exp,
                "iss": ISSUER,
            }),
        }
    }

    fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.payload[name] = value.into();
        self
    }

    fn signing_input(&self) -> String {
        let [header, payload] =
            [&self.header, &self.payload].map(|part| URL_SAFE.encode(padded(part)));
        format!("{header}.{payload}")
    }

    fn build(&self) -> String {
        let input = self.signing_input();
        let signature = URL_SAFE.encode(self.key.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

/// JSON whose base64 ends with padding.
fn padded(part: &Value) -> String {
    let mut json = part.to_string();
    while json.len().is_multiple_of(3) {
        json.push(' ');
    }
    json
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs()
}

fn alb_key() -> SigningKey {
    SigningKey::shared(Algorithm::ES256).with_kid(KID)
}

fn alb(server: &KeyServer) -> Issuer {
    let server = server.clone();
    Issuer::aws_alb(ISSUER, SIGNER, CLIENT).key_settings(move |keys| keys.fetcher(server.clone()))
}

/// Another issuer that signs with the same key.
fn other(issuer: &str) -> Issuer {
    let jwks = json!({"keys": [alb_key().public_jwk()]}).to_string();
    Issuer::new(issuer)
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
        .keys(StaticKeys::from_jwks(jwks.as_bytes()).unwrap())
}

fn authorizer(issuers: impl IntoIterator<Item = Issuer>) -> Authorizer {
    let header = TokenSource::header("x-amzn-oidc-data").unwrap();
    let builder = support::authorizer().token_source(header);
    let builder = issuers
        .into_iter()
        .fold(builder, |it, issuer| it.issuer(issuer));
    builder.build().unwrap()
}

/// `None` for an accepted token.
async fn refused(authorizer: &Authorizer, token: &str) -> Option<Reason> {
    let request = http::Request::get("/").header("x-amzn-oidc-data", token);
    let request = request.body(()).unwrap();
    let outcome = authorizer
        .authorize(&RequestParts::from(&request), &any_valid_token())
        .await;
    outcome.err().map(|rejection| rejection.reason())
}

#[tokio::test(start_paused = true)]
async fn a_load_balancers_token_is_accepted_and_its_key_fetched_once() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server)]);
    assert!(authorizer.is_ready());
    let [first, second] = ["x", "y"].map(|name| AlbToken::new(&alb_key()).claim("name", name));
    let (first, second) = (first.build(), second.build());
    let at_once = tokio::join!(refused(&authorizer, &first), refused(&authorizer, &second));
    assert_eq!(at_once, (None, None));
    for name in ["a", "b", "c", "a"] {
        let token = AlbToken::new(&alb_key()).claim("name", name).build();
        assert!(token.contains("=.") && token.ends_with("=="), "{token}");
        assert_eq!(refused(&authorizer, &token).await, None);
    }
    let address = format!("https://public-keys.auth.elb.eu-west-1.amazonaws.com/{KID}");
    assert_eq!(server.requests(), [address]);
    let status = authorizer.key_status().remove(0);
    assert_eq!(
        (&*status.issuer, status.keys.key_ids),
        (ISSUER, vec![KID.to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn signer_client_issuer_and_time_are_held_to() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server)]);
    let token = || AlbToken::new(&alb_key());
    let another = SIGNER.replace("123456789012", "210987654321");
    for (name, token, reason) in [
        (
            "signer-other",
            token().header("signer", &*another),
            Reason::WrongIssuer,
        ),
        (
            "signer-missing",
            token().without_header("signer"),
            Reason::WrongIssuer,
        ),
        (
            "signer-empty",
            token().header("signer", ""),
            Reason::WrongIssuer,
        ),
        (
            "signer-null",
            token().header("signer", Value::Null),
            Reason::WrongIssuer,
        ),
        (
            "signer-longer",
            token().header("signer", format!("{SIGNER}/")),
            Reason::WrongIssuer,
        ),
        (
            "signer-case",
            token().header("signer", SIGNER.to_uppercase()),
            Reason::WrongIssuer,
        ),
        (
            "signer-list",
            token().header("signer", json!([SIGNER])),
            Reason::MalformedHeader,
        ),
        (
            "signer-in-payload",
            token().without_header("signer").claim("signer", SIGNER),
            Reason::WrongIssuer,
        ),
        (
            "client-other",
            token().header("client", "other"),
            Reason::WrongClient,
        ),
        (
            "client-missing",
            token().without_header("client"),
            Reason::WrongClient,
        ),
        (
            "client-in-payload",
            token().without_header("client").claim("client_id", CLIENT),
            Reason::WrongClient,
        ),
        (
            "header-iss-other",
            token().header("iss", OTHER_ISSUER),
            Reason::WrongIssuer,
        ),
        (
            "header-iss-missing",
            token().without_header("iss"),
            Reason::WrongIssuer,
        ),
        (
            "payload-iss-other",
            token().claim("iss", OTHER_ISSUER),
            Reason::MalformedToken,
        ),
        (
            "aud-of-another-api",
            token().claim("aud", AUDIENCE),
            Reason::WrongAudience,
        ),
        ("expired", token().claim("exp", now() - 61), Reason::Expired),
        (
            "alg-hs256",
            token().header("alg", "HS256"),
            Reason::AlgorithmNotAllowed,
        ),
        (
            "alg-none",
            token().header("alg", "none"),
            Reason::AlgorithmNotAllowed,
        ),
        (
            "alg-rs256",
            token().header("alg", "RS256"),
            Reason::AlgorithmNotAllowed,
        ),
    ] {
        let refused = refused(&authorizer, &token.build()).await;
        assert_eq!(refused, Some(reason), "{name}");
    }
    assert_eq!(server.requests(), [""; 0], "refused without a fetch");
    let mut forged = AlbToken::new(&alb_key());
    forged.key = SigningKey::generate(Algorithm::ES256);
    let forged = refused(&authorizer, &forged.build()).await;
    assert_eq!(forged, Some(Reason::InvalidSignature));
    assert_eq!(refused(&authorizer, &token().build()).await, None);
}

/// One token has one spelling: with padding from the load balancer, without from everybody else.
#[tokio::test(start_paused = true)]
async fn padding_is_the_load_balancers_alone() {
    let server = KeyServer::with(&alb_key());
    let key = alb_key();
    let access_token = |issuer: &str| {
        let claims = TokenBuilder::new(&key).issuer(issuer).audience(AUDIENCE);
        let claims: Value = serde_json::from_slice(&claims.payload_json()).unwrap();
        AlbToken {
            payload: claims,
            ..AlbToken::new(&key)
        }
    };
    let good = AlbToken::new(&key);
    let bare = good.build().replace('=', "");
    let bare_input = good.signing_input().replace('=', "");
    let signature = URL_SAFE.encode(key.sign(bare_input.as_bytes()));
    let with = |token: &AlbToken, signature: &str| format!("{}.{signature}", token.signing_input());
    let own_signature = URL_SAFE.encode(key.sign(good.signing_input().as_bytes()));
    let plain = |issuer| {
        let token = TokenBuilder::new(&key).issuer(issuer).audience(AUDIENCE);
        token.build()
    };

    let alone = authorizer([alb(&server)]);
    let beside = authorizer([alb(&server), other(OTHER_ISSUER)]);
    let same_issuer = authorizer([alb(&server), other(ISSUER)]);
    let without = authorizer([other(OTHER_ISSUER), other(ISSUER)]);
    let all = [
        ("alone", &alone),
        ("beside", &beside),
        ("same issuer", &same_issuer),
    ];
    for (name, authorizer) in all {
        for (case, token, accepted) in [
            ("padded", good.build(), true),
            ("unpadded", bare.clone(), false),
            (
                "unpadded, signed so",
                format!("{bare_input}.{}", signature.trim_end_matches('=')),
                false,
            ),
            (
                "signature unpadded",
                with(&good, own_signature.trim_end_matches('=')),
                false,
            ),
            (
                "signature alone padded",
                format!("{bare_input}.{signature}"),
                false,
            ),
            (
                "padded too much",
                with(&good, &format!("{own_signature}====")),
                false,
            ),
            (
                "another issuer's, padded",
                access_token(OTHER_ISSUER).build(),
                false,
            ),
            (
                "an unknown issuer's, padded",
                access_token("https://x.example").build(),
                false,
            ),
        ] {
            let refused = refused(authorizer, &token).await;
            assert_eq!(refused.is_none(), accepted, "{name}: {case}: {refused:?}");
        }
    }
    for (name, authorizer, issuer) in [
        ("beside", &beside, OTHER_ISSUER),
        ("same issuer", &same_issuer, ISSUER),
        ("without", &without, OTHER_ISSUER),
    ] {
        assert_eq!(refused(authorizer, &plain(issuer)).await, None, "{name}");
    }
    for token in [
        good.build(),
        access_token(OTHER_ISSUER).build(),
        access_token(ISSUER).build(),
    ] {
        assert_eq!(
            refused(&without, &token).await,
            Some(Reason::MalformedToken)
        );
    }
    // An access token of the same issuer, padded, lacks nothing but what the load balancer is known by.
    let mut unsigned = access_token(ISSUER);
    unsigned = unsigned.without_header("signer").without_header("client");
    let refusal = refused(&same_issuer, &unsigned.build()).await;
    assert!(refusal.is_some());
}

#[tokio::test(start_paused = true)]
async fn no_request_is_made_for_a_kid_that_is_not_a_uuid() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server)]);
    for kid in [
        json!("../../latest/meta-data"),
        json!("..%2f..%2fx"),
        json!("/c2f80c8b-c05c-4068-af14-17299f7896b"),
        json!("c2f80c8b-c05c-4068-af14-17299f7896b1?x"),
        json!("c2f80c8b-c05c-4068-af14-17299f7896b1/../x"),
        json!("c2f80c8bc05c4068af1417299f7896b1"),
        json!("c2f80c8b-c05c-4068-af14-17299f7896bg"),
        json!("c2f80c8b-c05c-4068-af14-17299f7896b\u{ff11}"),
        json!("https://evil.example/key"),
        json!(""),
        json!("1"),
        Value::Null,
    ] {
        let token = AlbToken::new(&alb_key()).header("kid", kid.clone()).build();
        let refused = refused(&authorizer, &token).await;
        // `null` is not a string (RFC 7515 section 4.1.4).
        let expected = match kid {
            Value::Null => Reason::MalformedHeader,
            _ => Reason::UnknownKey,
        };
        assert_eq!(refused, Some(expected), "{kid}");
    }
    let token = AlbToken::new(&alb_key()).without_header("kid").build();
    assert_eq!(refused(&authorizer, &token).await, Some(Reason::UnknownKey));
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_no_and_a_key_server_in_trouble_is_not() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server)]);
    let stranger = SigningKey::shared(Algorithm::ES256).with_kid(KID.replace('c', "d"));
    let stranger = AlbToken::new(&stranger).build();
    for _ in 0..3 {
        assert_eq!(
            refused(&authorizer, &stranger).await,
            Some(Reason::UnknownKey)
        );
    }
    assert_eq!(server.requests().len(), 1, "remembered as unknown");
    let good = AlbToken::new(&alb_key()).build();
    for status in [500, 403, 302] {
        server.fail(Some(status));
        let refusal = refused(&authorizer, &good).await;
        assert_eq!(refusal, Some(Reason::KeysUnavailable), "{status}");
    }
    server.fail(None);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(refused(&authorizer, &good).await, None);
}

#[tokio::test(start_paused = true)]
async fn made_up_kids_cost_few_requests_and_keep_no_real_one_out() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server)]);
    let stranger = |i: u32| {
        let kid = format!("00000000-0000-0000-0000-{i:012}");
        AlbToken::new(&alb_key()).header("kid", kid).build()
    };
    for i in 0..500 {
        let refusal = refused(&authorizer, &stranger(i)).await;
        let expected = if i < 5 {
            Reason::UnknownKey
        } else {
            Reason::KeysUnavailable
        };
        assert_eq!(refusal, Some(expected), "{i}");
    }
    assert_eq!(server.requests().len(), 5);
    let mut good = 0;
    for i in 500..560 {
        refused(&authorizer, &stranger(i)).await;
        let token = AlbToken::new(&alb_key()).claim("name", i).build();
        good += usize::from(refused(&authorizer, &token).await.is_none());
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert!(good > 40, "{good}");
    assert!(server.requests().len() <= 11, "{}", server.requests().len());
}

#[tokio::test(start_paused = true)]
async fn a_key_is_fetched_again_after_a_day_and_serves_through_an_outage() {
    let server = KeyServer::with(&alb_key());
    let clock = authz_core::ManualClock::at_now();
    let authorizer = support::authorizer().issuer(alb(&server)).clock(clock);
    let authorizer = authorizer.build().unwrap();
    let cached = AlbToken::new(&alb_key()).build();
    assert!(authorizer.verify(&cached).await.is_ok());
    server.fail(Some(500));
    tokio::time::advance(Duration::from_secs(25 * 60 * 60)).await;
    assert!(authorizer.verify(&cached).await.is_ok());
    let other = AlbToken::new(&alb_key()).claim("name", "other").build();
    assert!(authorizer.verify(&other).await.is_ok());
    assert!(server.requests().len() > 1);
    // Withdrawn: refused, cached tokens included.
    server.fail(None);
    server.withdraw_all();
    tokio::time::advance(Duration::from_secs(120)).await;
    authorizer.verify(&cached).await.ok();
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    for token in [&cached, &other] {
        let refusal = authorizer.verify(token).await.err().map(|it| it.reason());
        assert_eq!(refusal, Some(Reason::UnknownKey));
    }
}

#[test]
fn without_a_runtime_it_is_unavailable() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server)]);
    let token = AlbToken::new(&alb_key()).build();
    let mut future = std::pin::pin!(refused(&authorizer, &token));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let polled = Future::poll(future.as_mut(), &mut context);
    assert_eq!(
        polled,
        std::task::Poll::Ready(Some(Reason::KeysUnavailable))
    );
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn a_wrong_arn_is_an_error_that_shows_the_right_call() {
    let build = |issuer: Issuer| support::authorizer().issuer(issuer).build().map(|_| ());
    for arn in [
        "",
        CLIENT,
        "my-api",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/my-api/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/my-api/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-west-1:12345:loadbalancer/app/my-api/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:evil.example/:123456789012:loadbalancer/app/my-api/1",
        "arn:aws:elasticloadbalancing::123456789012:loadbalancer/app/my-api/1",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/my-api/1/",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/my-api/1/2",
    ] {
        let error = build(Issuer::aws_alb(ISSUER, arn, CLIENT)).unwrap_err();
        assert!(
            error.to_string().contains("Issuer::aws_alb(\"https://"),
            "{error}"
        );
    }
    let china = "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/1";
    let error = build(Issuer::aws_alb(ISSUER, china, CLIENT)).unwrap_err();
    assert!(error.to_string().contains(".jwks_uri("), "{error}");
    let server = KeyServer::default();
    let given = Issuer::aws_alb(ISSUER, china, CLIENT)
        .jwks_uri("https://keys.example/alb")
        .key_settings(move |keys| keys.fetcher(server.clone()));
    build(given).unwrap();
    let http = Issuer::aws_alb(ISSUER, SIGNER, CLIENT).jwks_uri("http://keys.example/alb");
    assert!(build(http).is_err());
}

#[tokio::test(start_paused = true)]
async fn the_address_of_the_keys_can_be_given() {
    let server = KeyServer::with(&alb_key());
    let authorizer = authorizer([alb(&server).jwks_uri("https://keys.example/alb/")]);
    let token = AlbToken::new(&alb_key()).build();
    refused(&authorizer, &token).await;
    assert_eq!(
        server.requests(),
        [format!("https://keys.example/alb/{KID}")]
    );
}

/// An error that asks the authorizer as it is dropped, as a log subscriber might that sees the end of
/// the span that the error was made in.
#[derive(Clone)]
struct Asks(Arc<std::sync::OnceLock<(Authorizer, String)>>);

impl Drop for Asks {
    fn drop(&mut self) {
        if let Some((authorizer, token)) = self.0.get() {
            let verifying = std::pin::pin!(authorizer.verify(token));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            drop(verifying.poll(&mut context));
        }
    }
}

impl std::fmt::Debug for Asks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asks")
    }
}

impl std::fmt::Display for Asks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("asks")
    }
}

impl std::error::Error for Asks {}

#[async_trait]
impl Fetcher for Asks {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::transport(self.clone()))
    }
}

#[test]
fn an_error_that_goes_with_its_key_may_ask_the_authorizer() {
    let (done, result) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let asks = Asks(Arc::default());
            let fetcher = asks.clone();
            let issuer = Issuer::aws_alb(ISSUER, SIGNER, CLIENT)
                .key_settings(move |keys| keys.fetcher(fetcher.clone()));
            let authorizer = authorizer([issuer]);
            let made_up = |i: usize| {
                let kid = format!("{i:08x}-c05c-4068-af14-17299f7896b1");
                AlbToken::new(&alb_key()).header("kid", kid).build()
            };
            let asked = (authorizer.clone(), made_up(0));
            assert!(asks.0.set(asked).is_ok());
            // More than are kept without a key.
            for i in 1..20 {
                assert_eq!(
                    refused(&authorizer, &made_up(i)).await,
                    Some(Reason::KeysUnavailable)
                );
                tokio::time::advance(Duration::from_secs(12)).await;
            }
        });
        done.send(())
    });
    let seconds = Duration::from_secs(10);
    result.recv_timeout(seconds).expect("no request waits");
}
