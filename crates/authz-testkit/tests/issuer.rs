//! What an issuer publishes, what it counts, and how it comes and goes.

mod support;

use authz_testkit::{Algorithm, DevIssuer, SigningKey, StartError};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{ask_for_keys, client, get, key_set, kids, read, read_answer, silent, verifies};
use tokio::net::TcpStream;

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let issuer = DevIssuer::start().await;
    assert_eq!(
        issuer.issuer(),
        format!("http://127.0.0.1:{}/", issuer.port())
    );
    for document in ["openid-configuration", "oauth-authorization-server"] {
        let url = format!("{}.well-known/{document}", issuer.issuer());
        let answer = get(&url).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        let found: Value = answer.json().await.unwrap();
        assert_eq!(found, issuer.discovery_document());
        assert_eq!(found["issuer"], issuer.issuer());
        assert_eq!(found["jwks_uri"], issuer.jwks_uri());
        assert_eq!(found["token_endpoint"], issuer.token_endpoint());
        assert_eq!(
            found["grant_types_supported"],
            json!(["client_credentials"])
        );
        assert_eq!(
            found["id_token_signing_alg_values_supported"],
            json!(["RS256"])
        );
    }
    assert_eq!(
        key_set(&issuer).await,
        json!({ "keys": [issuer.key().public_jwk()] })
    );
    let requests = issuer.requests();
    assert_eq!(
        (requests.discovery, requests.jwks, requests.other),
        (2, 1, 0)
    );
}

#[tokio::test]
async fn its_token_is_good() {
    let issuer = DevIssuer::builder()
        .audience("https://api.example")
        .start()
        .await
        .unwrap();
    let token = issuer.token().build();
    let (header, claims) = read(&token);
    assert_eq!(claims["iss"], issuer.issuer());
    assert_eq!(claims["aud"], "https://api.example");
    assert_eq!(header["kid"], json!(issuer.key().kid()));
    assert!(verifies(&token, &key_set(&issuer).await["keys"][0]));
}

#[tokio::test]
async fn every_algorithm_can_sign() {
    let issuer = DevIssuer::builder()
        .algorithms(Algorithm::ALL)
        .start()
        .await
        .unwrap();
    for algorithm in Algorithm::ALL {
        assert_eq!(issuer.key_for(algorithm).unwrap().algorithm(), algorithm);
    }
    assert_eq!(issuer.key().algorithm(), Algorithm::ALL[0]);
    // The shared secrets are not for everybody.
    assert_eq!(kids(&issuer).await.len(), 13);
    let set = key_set(&issuer).await;
    let mut keys = set["keys"].as_array().unwrap().iter();
    assert!(keys.all(|key| key["kty"] != "oct"));
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found_in_both_ways_and_no_third() {
    let issuer = DevIssuer::builder()
        .issuer_path("realms/demo")
        .algorithm(Algorithm::ES256)
        .start()
        .await
        .unwrap();
    let root = format!("http://127.0.0.1:{}", issuer.port());
    assert_eq!(issuer.issuer(), format!("{root}/realms/demo"));
    assert_eq!(
        issuer.jwks_uri(),
        format!("{root}/realms/demo/.well-known/jwks.json")
    );
    for (path, status) in [
        ("/realms/demo/.well-known/openid-configuration", 200),
        ("/realms/demo/.well-known/oauth-authorization-server", 200),
        ("/.well-known/oauth-authorization-server/realms/demo", 200),
        ("/.well-known/openid-configuration/realms/demo", 200),
        ("/realms/demo/.well-known/jwks.json", 200),
        ("/realms/demo//.well-known/jwks.json", 200),
        ("/.well-known/openid-configuration", 404),
        ("/.well-known/jwks.json", 404),
        ("/.well-known/jwks.json/realms/demo", 404),
        ("/", 404),
    ] {
        assert_eq!(
            get(&format!("{root}{path}")).await.status(),
            status,
            "{path}"
        );
    }
    assert_eq!(issuer.requests().other, 4);
}

#[tokio::test]
async fn the_slash_at_the_end_can_be_left_out() {
    let issuer = DevIssuer::builder().issuer_path("").start().await.unwrap();
    assert!(!issuer.issuer().ends_with('/'));
    assert_eq!(get(&issuer.discovery_uri()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn doubled_slashes_do_not_count() {
    let issuer = DevIssuer::start().await;
    for path in [
        "/.well-known/jwks.json",
        "//.well-known///openid-configuration/",
    ] {
        let url = format!("{}{path}", issuer.issuer());
        assert_eq!(get(&url).await.status(), StatusCode::OK, "{url}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let issuer = DevIssuer::start().await;
    let answer = client().head(issuer.jwks_uri()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let length = issuer.published_jwks().to_string().len().to_string();
    assert_eq!(answer.headers()["content-length"], length);
    assert_eq!(answer.bytes().await.unwrap().len(), 0);
    assert_eq!(issuer.requests().jwks, 1);
}

#[tokio::test]
async fn keys_are_not_posted_to() {
    let issuer = DevIssuer::start().await;
    for url in [issuer.jwks_uri(), issuer.discovery_uri()] {
        let answer = client().post(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "GET, HEAD");
    }
}

#[tokio::test]
async fn documents_can_be_replaced() {
    let issuer = DevIssuer::start().await;
    issuer.set_jwks_document(Some(b"anything".to_vec()));
    assert_eq!(
        get(&issuer.jwks_uri()).await.text().await.unwrap(),
        "anything"
    );
    issuer.set_jwks_document(None);
    assert_eq!(key_set(&issuer).await, issuer.published_jwks());

    let mut document = issuer.discovery_document();
    document["issuer"] = json!("https://evil.example/");
    issuer.set_discovery_document(Some(document.clone()));
    let found: Value = get(&issuer.discovery_uri()).await.json().await.unwrap();
    assert_eq!(found, document);
    issuer.set_discovery_document(None);
    let found: Value = get(&issuer.discovery_uri()).await.json().await.unwrap();
    assert_eq!(found["issuer"], issuer.issuer());
}

#[tokio::test]
async fn held_answers_wait_for_the_guard() {
    let issuer = DevIssuer::start().await;
    let [first, second] = [issuer.hold(), issuer.hold()];
    let mut slow = [ask_for_keys(&issuer).await, ask_for_keys(&issuer).await];
    issuer.jwks_requested(2).await;
    // The answer is made when the request arrives.
    let old = issuer.published_jwks().to_string();
    issuer.rotate();

    first.release();
    assert_eq!(get(&issuer.discovery_uri()).await.status(), StatusCode::OK);
    assert!(slow.iter().all(silent));
    drop(second);
    for stream in &mut slow {
        assert_eq!(read_answer(stream).await.unwrap().1, old);
    }
    assert_eq!(issuer.requests().max_concurrent_jwks, 2);
    assert_eq!(kids(&issuer).await.len(), 2);
    assert_eq!(issuer.requests().max_concurrent_jwks, 2);
}

#[tokio::test]
async fn offline_refuses_and_online_answers_on_the_same_port() {
    let issuer = DevIssuer::start().await;
    let _hold = issuer.hold();
    let mut open = ask_for_keys(&issuer).await;
    issuer.jwks_requested(1).await;
    let before = issuer.published_jwks();

    for _ in 0..2 {
        issuer.go_offline().await;
        let refused = TcpStream::connect(("127.0.0.1", issuer.port()))
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        issuer.go_online().await;
        assert_eq!(get(&issuer.discovery_uri()).await.status(), StatusCode::OK);
    }
    let (head, _) = read_answer(&mut open).await.unwrap_or_default();
    assert_eq!(head, "", "a connection of before has ended");
    assert_eq!(issuer.published_jwks(), before);
}

#[tokio::test]
async fn a_stopped_issuer_leaves_its_port_to_the_next() {
    let issuer = DevIssuer::start().await;
    let port = issuer.port();
    get(&issuer.jwks_uri()).await;

    let taken = DevIssuer::builder().port(port).start().await.unwrap_err();
    assert!(matches!(taken, StartError::Listen { port: p, .. } if p == port));
    assert_eq!(
        taken.to_string(),
        format!("cannot listen on 127.0.0.1:{port}")
    );

    issuer.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    let again = DevIssuer::builder().port(port).start().await.unwrap();
    assert_eq!(again.port(), port);
    assert_eq!(get(&again.jwks_uri()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn dropping_ends_open_connections() {
    let issuer = DevIssuer::start().await;
    let _hold = issuer.hold();
    let mut open = ask_for_keys(&issuer).await;
    issuer.jwks_requested(1).await;
    drop(issuer);
    let (head, _) = read_answer(&mut open).await.unwrap_or_default();
    assert_eq!(head, "");
}

#[tokio::test]
async fn issuers_that_live_together_have_different_keys() {
    let [one, other] = [DevIssuer::start().await, DevIssuer::start().await];
    let modulus = |issuer: &DevIssuer| issuer.key().public_jwk()["n"].clone();
    assert_ne!(modulus(&one), modulus(&other));

    let kept: SigningKey = one.key();
    drop(one);
    let third = DevIssuer::start().await;
    assert_ne!(
        kept.public_jwk()["n"],
        modulus(&third),
        "somebody still holds that key"
    );
    assert_ne!(kept.kid(), third.key().kid());
}

#[tokio::test]
async fn debug_shows_the_issuer_and_no_key() {
    let key = SigningKey::hmac(Algorithm::HS256, "swordfish");
    let issuer = DevIssuer::builder().key(key).start().await.unwrap();
    let shown = format!("{issuer:?}");
    assert!(shown.contains(issuer.issuer()));
    assert!(!shown.contains("swordfish"));
}
