//! Every text that comes from outside, on its way into the log: one event is one line, without what a
//! terminal would obey, and no longer than 4 KB. In a file of its own, as log_size.rs is.

mod support;

use std::{fmt, time::Duration};

use authz_core::{
    Authorizer, Policy, ProtectedHeader, RequestParts, async_trait,
    jwks::{
        FetchError, FetchRequest, Fetched, Fetcher, JwksProvider, KeyLookup, KeySet,
        KeySetErrorKind, RemoteJwks, StaticKeys, UnknownKey,
    },
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use support::{KeyServer, builder, key, log::logged, token};
use tracing_subscriber::filter::LevelFilter;

/// What is hostile about a text: it begins a line of its own, tells the terminal something, is long, or
/// takes ten times its length when it is escaped.
fn hostile() -> Vec<String> {
    let mark = "MARK";
    vec![
        format!("{mark}\n2026-01-01T00:00:00Z ERROR authz: forged=1"),
        format!("{mark}\r\nforged"),
        format!("{mark}\u{1b}[31m\u{7}\u{9b}2J\u{0}\u{7f}"),
        format!("{mark}\u{2028}\u{2029}\u{202e}\u{2066}\u{85}"),
        mark.repeat(2500),
        "\u{10fffd}".repeat(2500),
        "\n".repeat(10_000),
        format!("{mark}\" reason=\"forged"),
    ]
}

#[test]
fn one_event_is_one_bounded_line() {
    let log = logged(LevelFilter::INFO, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let key = key();
            let set = json!({"keys": [key.public_jwk()]}).to_string();
            let keys = StaticKeys::from_jwks(set.as_bytes()).unwrap();
            let authorizer = builder(keys).build().unwrap();
            for text in hostile() {
                for policy in POLICIES {
                    let policy: Policy = policy.parse().unwrap();
                    for token in tokens(&key, &text) {
                        decide(&authorizer, &policy, "/", Some(&token), &text).await;
                    }
                    requests(&authorizer, &policy, &text).await;
                }
                everything(&authorizer, &key, &text).await;
                key_sets(&key, &text).await;
                metadata(&text).await;
                failures(&text).await;
            }
            let long = "\n".repeat(100_000);
            key_sets(&key, &long).await;
            metadata(&long).await;
            failures(&long).await;
            #[cfg(feature = "rules")]
            paths(&authorizer).await;
        });
    });
    assert!(log.lines().count() > 500, "{}", log.lines().count());
    let wrong: Vec<_> = (log.lines())
        .filter(|line| {
            line.contains(char::is_control)
                || line.contains(['\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}'])
                || line.len() > 4096
                || !line.starts_with("20")
                || line.starts_with("2026-01-01T00:00:00Z")
        })
        .map(|line| {
            let start: String = line.chars().take(400).collect();
            format!("{} bytes: {start:?}", line.len())
        })
        .collect();
    assert!(wrong.is_empty(), "{} lines: {wrong:#?}", wrong.len());
}

const POLICIES: &[&str] = &[
    r#"scope("a") and permission("b")"#,
    r#"role("a") or group("b") or client("c") or acr("d") or amr("e")"#,
    r#"claim("custom") == "a" or claim("sub") == "b""#,
    r#"claim("org") == path("org") or method("POST")"#,
];

/// A token for each text field of the header and the claims.
fn tokens(key: &SigningKey, text: &str) -> Vec<String> {
    let good = || token(key);
    let mut tokens: Vec<TokenBuilder> = vec![
        good().kid(Some(text)),
        good().typ(Some(text)),
        good().header("alg", text),
        good().header("crit", text),
        good().header(text, 1).kid(Some("other")),
        good().header("kid", json!([text])),
        good().issuer(text),
        good().issuer(format!("https://issuer.example/{text}")),
        good().audience(text),
        good().audience(vec![text.to_owned(); 10]),
        good().expires_in(-3600).claim("jti", text),
        good().claim("exp", text),
        good().claim(text, 1).claim("sub", 1),
    ];
    for claim in [
        "sub",
        "jti",
        "azp",
        "client_id",
        "scope",
        "scp",
        "permissions",
        "roles",
        "groups",
        "acr",
        "amr",
        "auth_time",
        "custom",
        "org",
    ] {
        for value in [
            json!(text),
            json!([text, text]),
            json!({ text: text }),
            Value::Array(vec![json!(text); 50]),
        ] {
            tokens.push(good().claim(claim, value.clone()));
            tokens.push(
                good()
                    .claim(claim, value)
                    .claim("iss", "other")
                    .claim("jti", text),
            );
        }
    }
    tokens.into_iter().map(TokenBuilder::build).collect()
}

/// All at once: whatever has its own bound has its share of the line.
async fn everything(authorizer: &Authorizer, key: &SigningKey, text: &str) {
    // More than is shown, and all of them fit into one token.
    let text: String = text.chars().take(250).collect();
    let text = &*text;
    let method = "M".repeat(3000);
    let path = format!("/{}", "%0A".repeat(1000));
    let many: Vec<_> = (0..40)
        .map(|i| format!("scope(\"{}{i}\")", "s".repeat(50)))
        .collect();
    let policy: Policy = many.join(" and ").parse().unwrap();
    let good = || {
        let scopes: Vec<_> = (0..40).map(|i| format!("{}{i}", "g".repeat(50))).collect();
        token(key)
            .claim("sub", text)
            .claim("jti", text)
            .claim("client_id", text)
            .claim("scope", scopes)
            .claim("permissions", vec![format!("{}0", "s".repeat(50))])
    };
    let tokens = [
        good(),
        good().kid(Some(text)),
        good().audience(text),
        good().audience(vec![text; 3]).kid(Some(text)),
        good().issuer(text).kid(Some(text)),
        good().expires_in(-3600).kid(Some(text)),
        good().typ(Some(text)).kid(Some(text)),
    ];
    for token in tokens.map(TokenBuilder::build) {
        let request = http::Request::builder().method(&*method).uri(&*path);
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.body(()).unwrap();
        let _ = authorizer
            .authorize(&RequestParts::from(&request), &policy)
            .await;
    }
}

/// What else a request holds.
async fn requests(authorizer: &Authorizer, policy: &Policy, text: &str) {
    let escaped: String = text
        .bytes()
        .filter(u8::is_ascii_graphic)
        .map(char::from)
        .take(5000)
        .collect();
    for authorization in [
        text.to_owned(),
        format!("Bearer {escaped}"),
        format!("Bearer {escaped} {escaped}"),
        format!("{escaped} x"),
        format!("Token {escaped}"),
        escaped.clone(),
    ] {
        let Ok(value) = HeaderValue::from_str(&authorization) else {
            continue;
        };
        let request = http::Request::get("/").header("authorization", value);
        let request = request.body(()).unwrap();
        let _ = authorizer
            .authorize(&RequestParts::from(&request), policy)
            .await;
    }
}

async fn decide(
    authorizer: &Authorizer,
    policy: &Policy,
    path: &str,
    token: Option<&str>,
    text: &str,
) {
    let mut request = http::Request::get(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(()).unwrap();
    let params = vec![("org".to_owned(), text.to_owned())];
    let parts = RequestParts::from(&request);
    let _ = authorizer
        .authorize(&parts.with_path_params(&params), policy)
        .await;
}

#[cfg(feature = "rules")]
async fn paths(authorizer: &Authorizer) {
    use authz_core::rules::Rules;
    let rules = Rules::from_toml("[[rules]]\npath = '/a'\npolicy = 'public'").unwrap();
    let guard = authorizer.guard_rules(rules);
    for (method, path) in [
        ("GET", format!("/{}", "x".repeat(10_000))),
        ("GET", "/%0a%1b[31m?%0aforged".to_owned()),
        (&*"M".repeat(10_000), "/a/b".to_owned()),
    ] {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.body(()).unwrap();
        let admission = guard.admit(&RequestParts::from(&request));
        assert!(admission.resolve().await.is_err());
    }
}

/// Keys and key sets that are as hostile as tokens, though they come from the issuer.
async fn key_sets(key: &SigningKey, text: &str) {
    let jwk = key.public_jwk();
    let mut sets = vec![
        text.to_owned(),
        json!(text).to_string(),
        json!({ "keys": text }).to_string(),
        json!({ "keys": [text, jwk] }).to_string(),
        json!({ "keys": [{ text: text }, { text: text }] }).to_string(),
        json!({ "jwks_uri": text }).to_string(),
        json!({ "keys": vec![json!({"kid": text, "kty": text}); 20] }).to_string(),
    ];
    for member in [
        "kid", "kty", "alg", "use", "crv", "x", "key_ops", "issuer", "x5c", "d", text,
    ] {
        for value in [json!(text), json!([text])] {
            let mut bad = jwk.clone();
            bad[member] = value;
            sets.push(json!({"keys": [bad, jwk]}).to_string());
            sets.push(json!({ "keys": [bad] }).to_string());
        }
    }
    let many = (0..20).map(|i| key.clone().with_kid(format!("{text}{i}")));
    for set in sets {
        let _ = StaticKeys::from_jwks(set.as_bytes()).map_err(|error| shown("key set", &error));
        if let Ok(parsed) = KeySet::parse(set.as_bytes()) {
            for skipped in &parsed.skipped {
                shown("skipped key", &skipped.error);
            }
        }
        let server = KeyServer::new([key.clone()]);
        server.serve(set);
        ask(&server.authorizer()).await;
    }
    ask(&KeyServer::new(many).authorizer()).await;
}

#[test]
fn a_set_of_many_bad_keys_does_not_fill_the_log() {
    let mut keys = vec![json!({"kty": "none"}); 10_000];
    let set = json!({ "keys": keys }).to_string();
    let error = StaticKeys::from_jwks(set.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), KeySetErrorKind::NoUsableKey);
    assert!(error.to_string().contains("10000 keys"), "{error}");
    assert_eq!(error.skipped().len(), 16);
    keys.push(key().public_jwk());
    let set = json!({ "keys": keys }).to_string();
    let log = logged(LevelFilter::INFO, || {
        StaticKeys::from_jwks(set.as_bytes()).unwrap();
    });
    assert!(log.lines().count() < 20, "{} lines", log.lines().count());
    assert!(log.contains("more=9984"), "{log}");
}

/// Middleware and fetchers of the application's own log what they are handed.
#[test]
fn debug_of_a_request_or_an_answer_shows_no_credentials() {
    let request = http::Request::get("/path?access_token=secret")
        .header("authorization", "Bearer secret")
        .header("cookie", "session=secret");
    let request = request.body(()).unwrap();
    let parts = format!("{:?}", RequestParts::from(&request));
    assert!(
        parts.contains("/path") && !parts.contains("secret"),
        "{parts}"
    );
    let answer = Fetched {
        status: StatusCode::OK,
        headers: request.headers().clone(),
        body: "secret".into(),
    };
    let answer = format!("{answer:?}");
    assert!(
        answer.contains("200") && !answer.contains("secret"),
        "{answer}"
    );
}

/// The issuer's metadata.
async fn metadata(text: &str) {
    let documents = [
        text.to_owned(),
        json!(text).to_string(),
        json!({ "issuer": text, "jwks_uri": "https://issuer.example/jwks" }).to_string(),
        json!({ "issuer": [text], "jwks_uri": text }).to_string(),
        json!({ "issuer": support::ISSUER, "jwks_uri": text }).to_string(),
        json!({ "issuer": support::ISSUER, "jwks_uri": { text: text } }).to_string(),
        json!({ "issuer": support::ISSUER, "jwks_uri": format!("http://u:{text}@h/?k={text}") })
            .to_string(),
        json!({ "issuer": support::ISSUER, "jwks_uri": format!("https://h/{text}?k={text}") })
            .to_string(),
        json!({ text: text }).to_string(),
    ];
    for document in documents {
        let server = KeyServer::new([key()]);
        server.serve(document);
        let keys = RemoteJwks::discover(support::ISSUER).fetcher(server);
        ask(&support::build(keys)).await;
    }
}

/// Fetches that fail, and headers that come with an answer.
async fn failures(text: &str) {
    let key = key().with_kid(text);
    let provider = builder(Shows).build().unwrap();
    let _ = provider.verify(&token(&key).build()).await;
    for failure in [FetchError::transport(text), FetchError::redirect(text)] {
        shown("fetch error", &failure);
    }
    for keys in [
        RemoteJwks::at("https://issuer.example/jwks"),
        RemoteJwks::discover(support::ISSUER),
    ] {
        for failing in [None, Some("transport"), Some("redirect")] {
            let fetcher = Failing(text.to_owned(), failing);
            ask(&support::build(keys.clone().fetcher(fetcher))).await;
        }
    }
    let KeyLookup::Unavailable(missing) = KeyLookup::unavailable(Duration::ZERO, text) else {
        panic!("keys are unavailable");
    };
    shown("own provider", &*missing.error);
}

/// A provider that logs what it is asked for.
#[derive(Debug)]
struct Shows;

impl JwksProvider for Shows {
    fn lookup(&self, header: &ProtectedHeader<'_>) -> KeyLookup {
        tracing::info!(?header, "lookup");
        KeyLookup::Unknown(UnknownKey::NotInSet)
    }
}

struct Failing(String, Option<&'static str>);

impl fmt::Debug for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failing")
    }
}

#[async_trait]
impl Fetcher for Failing {
    async fn get(&self, _: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let text = self.0.clone();
        match self.1 {
            Some("transport") => return Err(FetchError::transport(text)),
            Some("redirect") => return Err(FetchError::redirect(text)),
            _ => {}
        }
        // A header's value has no control characters but may have any other byte.
        let bytes: Vec<u8> = text.bytes().filter(|it| !it.is_ascii_control()).collect();
        let value = HeaderValue::from_bytes(&bytes).unwrap();
        let names = [
            "content-type",
            "content-encoding",
            "retry-after",
            "cache-control",
            "location",
            "etag",
        ];
        let headers = names.map(|it| (HeaderName::from_static(it), value.clone()));
        Ok(Fetched {
            status: StatusCode::SERVICE_UNAVAILABLE,
            headers: HeaderMap::from_iter(headers),
            body: Vec::new().into(),
        })
    }
}

/// What a request finds, and what the application may log of the keys.
async fn ask(authorizer: &Authorizer) {
    let _ = authorizer.verify(&support::stranger("x")).await;
    for status in authorizer.key_status() {
        if let Some(error) = &status.keys.last_error {
            shown("last error", &**error);
        }
        tracing::info!(status = ?status, "key status");
    }
    // No line of a log by itself, but part of the application's own `Debug`.
    let whole = format!("{authorizer:?}");
    assert!(
        whole.len() < 8192 && !whole.contains(char::is_control),
        "{whole}"
    );
}

/// An error as applications log them: with all its causes.
fn shown(what: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::info!(error = ?error, what);
    let mut cause = Some(error);
    while let Some(error) = cause {
        tracing::info!(%error, what);
        cause = error.source();
    }
}
