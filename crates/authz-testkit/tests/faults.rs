//! Each fault does what its name says, and the next answer is good again.

mod support;

use std::io::{ErrorKind, Read as _};

use authz_testkit::{Algorithm, DevIssuer, Fault};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{ask_for_keys, get, key_set, kids, read_answer, silent, verifies};
use tokio::time::{Duration, Instant};

async fn failing(fault: Fault) -> DevIssuer {
    let issuer = DevIssuer::builder()
        .algorithm(Algorithm::ES256)
        .start()
        .await
        .unwrap();
    issuer.fault(Some(fault));
    issuer
}

/// The one answer to a request for the key set, as it is on the wire.
async fn on_the_wire(fault: Fault) -> std::io::Result<(String, String)> {
    let issuer = failing(fault).await;
    let mut stream = ask_for_keys(&issuer).await;
    read_answer(&mut stream).await
}

/// The keys that come with a fault, and the issuer's own among them.
async fn keys_with(fault: Fault) -> (Vec<Value>, Value) {
    let issuer = failing(fault).await;
    let set = key_set(&issuer).await;
    let keys = set["keys"].as_array().unwrap().clone();
    (keys, issuer.key().public_jwk())
}

#[tokio::test]
async fn statuses() {
    let (head, _) = on_the_wire(Fault::Status(500)).await.unwrap();
    assert!(head.starts_with("http/1.1 500 "));
    let fault = Fault::RetryAfter {
        status: 429,
        seconds: 7,
    };
    let (head, _) = on_the_wire(fault).await.unwrap();
    assert!(head.starts_with("http/1.1 429 "));
    assert!(head.contains("\r\nretry-after: 7\r\n"));
    let fault = Fault::Respond {
        status: 418,
        headers: vec![("X-Pot".to_owned(), "tea".to_owned())],
        body: b"short".to_vec(),
    };
    let (head, body) = on_the_wire(fault).await.unwrap();
    assert!(head.starts_with("http/1.1 418 "));
    assert!(head.contains("\r\nx-pot: tea\r\n"));
    assert!(head.contains("\r\ncontent-length: 5"));
    assert_eq!(body, "short");
}

#[tokio::test]
async fn a_hanging_server_says_nothing() {
    let issuer = failing(Fault::Hang).await;
    let stuck = ask_for_keys(&issuer).await;
    issuer.jwks_requested(1).await;
    // Others are served meanwhile.
    issuer.fault(None);
    assert_eq!(kids(&issuer).await.len(), 1);
    assert!(silent(&stuck));
}

#[tokio::test]
async fn a_body_can_hang_behind_its_header() {
    let issuer = failing(Fault::HangInBody).await;
    let mut answer = get(&issuer.jwks_uri()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let elsewhere = issuer.discovery_uri();
    tokio::select! {
        biased;
        chunk = answer.chunk() => panic!("{chunk:?}"),
        _ = get(&elsewhere) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_dripping_body_takes_its_time() {
    let issuer = failing(Fault::SlowDrip).await;
    let good = issuer.published_jwks().to_string();
    let start = Instant::now();
    let mut stream = ask_for_keys(&issuer).await;
    let (head, body) = read_answer(&mut stream).await.unwrap();
    assert!(head.contains("transfer-encoding: chunked"));
    let dripped: String = body.lines().skip(1).step_by(2).collect();
    assert_eq!(dripped, good);
    let least = Duration::from_millis(50) * u32::try_from(good.len()).unwrap();
    assert!(start.elapsed() >= least);
}

#[tokio::test]
async fn connections_break() {
    let reset = on_the_wire(Fault::Reset).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let (head, body) = on_the_wire(Fault::Close).await.unwrap();
    assert_eq!((head.as_str(), body.as_str()), ("", ""));

    let issuer = failing(Fault::Truncated).await;
    let good = issuer.published_jwks().to_string();
    let mut stream = ask_for_keys(&issuer).await;
    let (head, body) = read_answer(&mut stream).await.unwrap();
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", good.len())));
    assert_eq!(body, good[..good.len() / 2]);
    assert!(get(&issuer.jwks_uri()).await.bytes().await.is_err());
}

#[tokio::test]
async fn bodies_that_are_no_key_set() {
    for (fault, content_type) in [
        (Fault::InvalidJson, "application/json"),
        (Fault::NotUtf8, "application/json"),
        (Fault::EmptyBody, "application/json"),
        (Fault::DeepNesting, "application/json"),
        (Fault::Html, "text/html; charset=utf-8"),
    ] {
        let issuer = failing(fault.clone()).await;
        let answer = get(&issuer.jwks_uri()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{fault:?}");
        assert_eq!(answer.headers()["content-type"], content_type, "{fault:?}");
        let body = answer.bytes().await.unwrap();
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_wrong_content_type_has_good_keys() {
    let issuer = failing(Fault::WrongContentType).await;
    let answer = get(&issuer.jwks_uri()).await;
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        issuer.published_jwks()
    );
}

#[tokio::test]
async fn an_endless_body_goes_on() {
    let issuer = failing(Fault::EndlessBody).await;
    let mut answer = get(&issuer.jwks_uri()).await;
    let mut received = Vec::new();
    while received.len() < 4 * 1024 * 1024 {
        received.extend(answer.chunk().await.unwrap().expect("it never ends"));
    }
    assert!(received.starts_with(b"{\"keys\":[{\"kty\":\"OKP\""));
}

#[tokio::test]
async fn a_bomb_is_small_and_holds_the_good_keys() {
    let issuer = failing(Fault::CompressedBomb).await;
    let answer = get(&issuer.jwks_uri()).await;
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let packed = answer.bytes().await.unwrap();
    assert!(packed.len() < 128 * 1024, "{} bytes", packed.len());

    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut unpacked)
        .unwrap();
    assert!(unpacked.len() > 16 * 1024 * 1024);
    let set: Value = serde_json::from_str(&unpacked).unwrap();
    assert_eq!(set, issuer.published_jwks());
}

#[tokio::test]
async fn redirects() {
    let issuer = failing(Fault::RedirectLoop).await;
    let answer = get(&issuer.jwks_uri()).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(answer.headers()["location"], "/.well-known/jwks.json");

    issuer.fault(Some(Fault::RedirectTo("http://[::1]/inner".to_owned())));
    let answer = get(&issuer.jwks_uri()).await;
    assert_eq!(answer.headers()["location"], "http://[::1]/inner");

    issuer.fault(Some(Fault::RedirectChain(3)));
    let before = issuer.requests().jwks;
    let answer = reqwest::get(issuer.jwks_uri()).await.unwrap();
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        issuer.published_jwks()
    );
    assert_eq!(issuer.requests().jwks - before, 4);
}

#[tokio::test]
async fn sets_without_keys() {
    let issuer = failing(Fault::EmptySet).await;
    assert_eq!(key_set(&issuer).await, json!({ "keys": [] }));
    issuer.fault(Some(Fault::NoKeysMember));
    assert_eq!(key_set(&issuer).await, json!({}));
}

#[tokio::test]
async fn odd_entries_leave_the_good_key_in_its_place() {
    for (fault, entries) in [
        (Fault::ManyKeys(500), 501),
        (Fault::UnknownKeyTypes, 7),
        (Fault::EncryptionKeys, 2),
        (Fault::DuplicateKids, 2),
        (Fault::NullKey, 4),
        (Fault::BadKeyAmongGood, 19),
    ] {
        let (keys, good) = keys_with(fault.clone()).await;
        assert_eq!(keys.len(), entries, "{fault:?}");
        assert_eq!(keys.last(), Some(&good), "{fault:?}");
        assert_eq!(
            keys.iter().filter(|key| **key == good).count(),
            1,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_twin_has_the_kid_and_not_the_key() {
    for (fault, purpose) in [
        (Fault::DuplicateKids, "sig"),
        (Fault::EncryptionKeys, "enc"),
    ] {
        let (keys, good) = keys_with(fault).await;
        assert_eq!(keys[0]["kid"], good["kid"]);
        assert_eq!(keys[0]["kty"], good["kty"]);
        assert_eq!(keys[0]["use"], purpose);
        assert_ne!(keys[0]["x"], good["x"]);
    }
}

#[tokio::test]
async fn a_twin_of_the_shared_key_is_another_key() {
    let shared = authz_testkit::SigningKey::shared(Algorithm::ES256);
    let issuer = DevIssuer::builder()
        .key(shared.clone())
        .start()
        .await
        .unwrap();
    issuer.fault(Some(Fault::DuplicateKids));
    let token = issuer.token().build();
    let set = key_set(&issuer).await;
    assert!(!verifies(&token, &set["keys"][0]));
    assert!(verifies(&token, &set["keys"][1]));
}

#[tokio::test]
async fn members_are_left_out() {
    let (keys, good) = keys_with(Fault::KeysWithoutAlg).await;
    assert_eq!(keys[0].get("alg"), None);
    assert_eq!(keys[0]["kid"], good["kid"]);
    let (keys, good) = keys_with(Fault::KeysWithoutKid).await;
    assert_eq!(keys[0].get("kid"), None);
    assert_eq!(keys[0]["x"], good["x"]);
}

#[tokio::test]
async fn a_fault_can_be_counted_out() {
    let issuer = failing(Fault::Status(503).times(2)).await;
    for status in [503, 503, 200, 200] {
        assert_eq!(get(&issuer.jwks_uri()).await.status(), status);
    }
    issuer.fault(Some(Fault::Status(503).times(0)));
    assert_eq!(get(&issuer.jwks_uri()).await.status(), 200);
}

#[tokio::test]
async fn discovery_fails_by_itself() {
    let issuer = DevIssuer::start().await;
    issuer.fault_discovery(Some(Fault::Status(502)));
    assert_eq!(get(&issuer.discovery_uri()).await.status(), 502);
    assert_eq!(get(&issuer.jwks_uri()).await.status(), 200);
    issuer.fault_discovery(None);
    issuer.fault(Some(Fault::Status(502)));
    assert_eq!(get(&issuer.discovery_uri()).await.status(), 200);
}

#[tokio::test]
async fn tokens_are_given_while_the_keys_fail() {
    let issuer = failing(Fault::Reset).await;
    let answer = support::client()
        .post(issuer.token_endpoint())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials&client_id=me")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}
