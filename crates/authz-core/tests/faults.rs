//! Every way in which a key server can fail, over real sockets, for each state that the keys can
//! be in: the status for a good token, the status for one with an unknown key, and the number of
//! fetches that both cost.

// Over real sockets, so by the default client.
#![cfg(feature = "reqwest")]

mod support;

use std::time::Duration;

use authz_core::{
    Algorithm, Authorizer, ClientAuthentication, Introspection, Issuer,
    jwks::{RemoteJwks, ReqwestFetcher},
};
use authz_testkit::{DevIssuer, Fault, SigningKey};
use tracing_subscriber::filter::LevelFilter;

/// Good token, unknown key, fetches since the fault began.
type Outcome = (u16, u16, usize);

#[derive(Clone)]
struct Row {
    name: &'static str,
    fault: Fault,
    never: Outcome,
    fresh: Outcome,
    expired: Outcome,
}

/// Not one good token is refused whose key was there before.
const fn fails(name: &'static str, fault: Fault) -> Row {
    Row {
        name,
        fault,
        never: (503, 503, 1),
        fresh: (200, 503, 1),
        expired: (200, 503, 2),
    }
}

/// The answer is odd but usable.
const fn serves(name: &'static str, fault: Fault) -> Row {
    Row {
        name,
        fault,
        never: (200, 401, 2),
        fresh: (200, 401, 1),
        expired: (200, 401, 2),
    }
}

fn table() -> Vec<Row> {
    let elsewhere = "http://127.0.0.2:9/jwks.json".to_owned();
    vec![
        fails("status 500", Fault::Status(500)),
        fails("status 404", Fault::Status(404)),
        fails("status 403", Fault::Status(403)),
        fails("status 204", Fault::Status(204)),
        fails("status 304 that nobody asked for", Fault::Status(304)),
        // What the server asks for holds for every kind of fetch, so the second one is not sent.
        Row {
            expired: (200, 503, 1),
            ..fails(
                "status 429 with Retry-After",
                Fault::RetryAfter {
                    status: 429,
                    seconds: 60,
                },
            )
        },
        Row {
            expired: (200, 503, 1),
            ..fails(
                "status 503 with Retry-After",
                Fault::RetryAfter {
                    status: 503,
                    seconds: 60,
                },
            )
        },
        fails("no answer", Fault::Hang),
        fails("no end of the answer", Fault::HangInBody),
        fails("a byte now and then", Fault::SlowDrip),
        fails("connection reset", Fault::Reset),
        fails("connection closed", Fault::Close),
        fails("truncated", Fault::Truncated),
        fails("invalid JSON", Fault::InvalidJson),
        fails("not UTF-8", Fault::NotUtf8),
        fails("empty body", Fault::EmptyBody),
        fails("HTML", Fault::Html),
        fails("endless body", Fault::EndlessBody),
        fails("compressed bomb", Fault::CompressedBomb),
        fails("deep nesting", Fault::DeepNesting),
        fails("redirect to another host", Fault::RedirectTo(elsewhere)),
        fails(
            "redirect to plain http elsewhere",
            Fault::RedirectTo("http://keys.example/".into()),
        ),
        fails(
            "redirect to a file",
            Fault::RedirectTo("file:///etc/passwd".into()),
        ),
        fails("empty set", Fault::EmptySet),
        fails("no member keys", Fault::NoKeysMember),
        fails("10,000 keys", Fault::ManyKeys(10_000)),
        serves("101 keys", Fault::ManyKeys(101)),
        serves("401 keys", Fault::ManyKeys(401)),
        serves("wrong content type", Fault::WrongContentType),
        serves("unknown key types", Fault::UnknownKeyTypes),
        serves("encryption keys of the same kid", Fault::EncryptionKeys),
        serves("strangers' keys of the same kid", Fault::DuplicateKids),
        serves("null among the keys", Fault::NullKey),
        serves("bad keys among the good", Fault::BadKeyAmongGood),
        serves("keys without alg", Fault::KeysWithoutAlg),
        // Each fetch is three requests more.
        Row {
            never: (200, 401, 2 * 4),
            fresh: (200, 401, 4),
            expired: (200, 401, 2 * 4),
            ..serves("three redirects on the same host", Fault::RedirectChain(3))
        },
        Row {
            never: (503, 503, 4),
            fresh: (200, 503, 4),
            expired: (200, 503, 2 * 4),
            ..fails("four redirects on the same host", Fault::RedirectChain(4))
        },
        Row {
            never: (503, 503, 4),
            fresh: (200, 503, 4),
            expired: (200, 503, 2 * 4),
            ..fails("redirects in a loop", Fault::RedirectLoop)
        },
        serves("keys without kid", Fault::KeysWithoutKid),
    ]
}

#[tokio::test]
async fn a_server_that_never_answered_well() {
    for row in table() {
        let (issuer, token, stranger) = issuer().await;
        issuer.fault(Some(row.fault));
        let authorizer = authorizer(&issuer);
        let outcome = outcome(&authorizer, &issuer, &token, &stranger, 0).await;
        assert_eq!(outcome, row.never, "{}", row.name);
        assert_eq!(authorizer.is_ready(), row.never.0 != 503, "{}", row.name);
    }
}

#[tokio::test]
async fn a_server_that_fails_while_the_keys_are_fresh() {
    for row in table() {
        let (issuer, token, stranger) = issuer().await;
        let authorizer = authorizer(&issuer);
        assert_eq!(status(&authorizer, &issuer.token().build()).await, 200);
        let before = issuer.requests().jwks;
        issuer.fault(Some(row.fault));
        let outcome = outcome(&authorizer, &issuer, &token, &stranger, before).await;
        assert_eq!(outcome, row.fresh, "{}", row.name);
        assert!(authorizer.is_ready(), "{}", row.name);
    }
}

#[tokio::test]
async fn a_server_that_fails_when_the_keys_expire() {
    for row in table() {
        let (issuer, token, stranger) = issuer().await;
        let authorizer = authorizer(&issuer);
        let cached = issuer.token().build();
        assert_eq!(status(&authorizer, &cached).await, 200);
        let before = issuer.requests().jwks;
        issuer.fault(Some(row.fault));
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(11 * 60)).await;
        tokio::time::resume();
        issuer.jwks_requested(before + 1).await;
        refreshed(&authorizer).await;
        let outcome = outcome(&authorizer, &issuer, &token, &stranger, before).await;
        assert_eq!(outcome, row.expired, "{}", row.name);
        assert_eq!(
            status(&authorizer, &cached).await,
            row.expired.0,
            "{}",
            row.name
        );
    }
}

/// The same faults at the introspection endpoint. Where the fault is in a key set, the answer can't be used. Redirects
/// are not followed.
#[tokio::test]
async fn introspection_fails_like_a_key_set() {
    for (row, is_signed) in table()
        .into_iter()
        .flat_map(|row| [(row.clone(), false), (row, true)])
    {
        let (issuer, jwt, _) = issuer().await;
        let introspection = Introspection::opaque(client())
            .timeout(Duration::from_millis(400))
            .endpoint(issuer.introspection_endpoint());
        let introspection = match is_signed {
            true => introspection.signed(),
            false => introspection,
        };
        let authorizer = support::authorizer()
            .issuer(
                accepted(&issuer, settings(RemoteJwks::at(issuer.jwks_uri())))
                    .introspect(introspection),
            )
            .build()
            .unwrap();
        let [known, new, newer] = [(); 3].map(|()| issuer.opaque("", &issuer.token()));
        assert_eq!(status(&authorizer, &known).await, 200, "{}", row.name);
        issuer.fault_introspection(Some(row.fault.clone()));
        let expected = match row.name {
            "wrong content type" => 200,
            _ => 503,
        };
        assert_eq!(status(&authorizer, &new).await, expected, "{}", row.name);
        assert_eq!(issuer.requests().introspection, 2, "{}", row.name);
        for token in [&known, &jwt] {
            assert_eq!(status(&authorizer, token).await, 200, "{}", row.name);
        }
        issuer.fault_introspection(None);
        // What the server asked for is kept, and a client that it rejects does not ask again at once.
        let is_held = matches!(row.fault, Fault::RetryAfter { .. } | Fault::Status(403));
        let expected = if is_held { 503 } else { 200 };
        assert_eq!(status(&authorizer, &newer).await, expected, "{}", row.name);
        let calls = if is_held { 2 } else { 3 };
        assert_eq!(issuer.requests().introspection, calls, "{}", row.name);
    }
}

/// The request carries a token and the credentials of the API.
#[tokio::test]
async fn a_client_that_follows_redirects_does_not_introspect() {
    let (issuer, ..) = issuer().await;
    issuer.fault_introspection(Some(Fault::RedirectTo(issuer.discovery_uri())));
    let fetcher = ReqwestFetcher::from(reqwest::Client::new());
    let introspection = Introspection::opaque(client()).endpoint(issuer.introspection_endpoint());
    let authorizer = support::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .key_settings(move |keys| keys.fetcher(fetcher.clone()))
                .introspect(introspection),
        )
        .build()
        .unwrap();
    let log = support::log::Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber(LevelFilter::WARN));
    assert_eq!(status(&authorizer, "opaque").await, 503);
    drop(guard);
    assert!(
        log.text().contains("not to follow redirects"),
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn discovery_fails_like_the_key_set() {
    for fault in [
        Fault::Status(500),
        Fault::Hang,
        Fault::Html,
        Fault::EndlessBody,
        Fault::RedirectTo("http://127.0.0.2:9/".into()),
    ] {
        let (issuer, token, _) = issuer().await;
        issuer.fault_discovery(Some(fault.clone()));
        let keys = settings(RemoteJwks::discover(issuer.issuer()));
        let authorizer = build(&issuer, keys);
        assert_eq!(status(&authorizer, &token).await, 503, "{fault:?}");
        assert_eq!(issuer.requests().jwks, 0, "{fault:?}");
        let keys = &authorizer.key_status()[0].keys;
        let error = keys.last_error.as_ref().unwrap().to_string();
        assert!(error.contains("key set"), "{error}");
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_are_refused() {
    let (issuer, token, _) = issuer().await;
    let mut document = issuer.discovery_document();
    document["issuer"] = issuer.issuer().trim_end_matches('/').into();
    issuer.set_discovery_document(Some(document));
    let authorizer = build(&issuer, settings(RemoteJwks::discover(issuer.issuer())));
    assert_eq!(status(&authorizer, &token).await, 503);
    let keys = &authorizer.key_status()[0].keys;
    let error = keys.last_error.as_ref().unwrap().to_string();
    assert!(error.contains("only the trailing slash differs"), "{error}");
    assert_eq!(issuer.requests().jwks, 0);
}

#[tokio::test]
async fn rfc_8414_metadata_serve_where_openid_has_none() {
    for path in ["/", "/tenants/a"] {
        let issuer = DevIssuer::builder()
            .algorithm(Algorithm::ES256)
            .issuer_path(path)
            .start()
            .await
            .unwrap();
        // The first of the addresses tried is OpenID's.
        issuer.fault_discovery(Some(Fault::Status(404).times(1)));
        let authorizer = build(&issuer, settings(RemoteJwks::discover(issuer.issuer())));
        assert_eq!(
            status(&authorizer, &issuer.token().build()).await,
            200,
            "{path}"
        );
        assert_eq!(issuer.requests().discovery, 2, "{path}");
    }
}

async fn issuer() -> (DevIssuer, String, String) {
    let issuer = DevIssuer::builder()
        .algorithm(Algorithm::ES256)
        .start()
        .await
        .unwrap();
    let stranger = SigningKey::shared(Algorithm::ES256).with_kid("nobody knows");
    let (token, stranger) = (
        issuer.token().build(),
        issuer.token().key(&stranger).build(),
    );
    (issuer, token, stranger)
}

fn authorizer(issuer: &DevIssuer) -> Authorizer {
    build(issuer, settings(RemoteJwks::at(issuer.jwks_uri())))
}

/// A short timeout, since some faults only end with it, and no retry within the test.
fn settings(keys: authz_core::jwks::RemoteJwksBuilder) -> authz_core::jwks::RemoteJwksBuilder {
    keys.timeout(Duration::from_millis(400))
        .first_retry(Duration::from_secs(3600))
}

fn build(issuer: &DevIssuer, keys: authz_core::jwks::RemoteJwksBuilder) -> Authorizer {
    let issuer = accepted(issuer, keys);
    support::authorizer().issuer(issuer).build().unwrap()
}

fn accepted(issuer: &DevIssuer, keys: authz_core::jwks::RemoteJwksBuilder) -> Issuer {
    Issuer::new(issuer.issuer())
        .audience(issuer.audience())
        .algorithms([Algorithm::ES256])
        .keys(keys.build().unwrap())
}

fn client() -> ClientAuthentication {
    ClientAuthentication::client_secret_basic("api", "secret")
}

async fn outcome(
    authorizer: &Authorizer,
    issuer: &DevIssuer,
    token: &str,
    stranger: &str,
    before: usize,
) -> Outcome {
    let good = status(authorizer, token).await;
    let unknown = status(authorizer, stranger).await;
    (good, unknown, issuer.requests().jwks - before)
}

async fn status(authorizer: &Authorizer, token: &str) -> u16 {
    match authorizer.verify(token).await {
        Ok(_) => 200,
        Err(rejection) => rejection.status().as_u16(),
    }
}

/// Waits until the fetch under way has ended.
async fn refreshed(authorizer: &Authorizer) {
    while authorizer.key_status()[0].keys.next_refresh.is_none() {
        tokio::task::yield_now().await;
    }
}
