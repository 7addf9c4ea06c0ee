//! Keys that come and go, and how a client that remembers the key set hears of it.

mod support;

use authz_testkit::{Algorithm, DevIssuer, SigningKey};
use reqwest::StatusCode;
use serde_json::json;
use support::{client, get, key_set, kids, read, verifies};

#[tokio::test]
async fn a_rotated_key_signs_and_the_old_one_stays() {
    let issuer = DevIssuer::start().await;
    let old = issuer.key();
    let before = issuer.token().build();
    let new = issuer.rotate();
    assert_eq!(issuer.key().kid(), new.kid());
    assert_eq!(new.algorithm(), old.algorithm());
    assert_eq!(
        kids(&issuer).await,
        [old.kid().unwrap(), new.kid().unwrap()]
    );

    let after = issuer.token().build();
    assert_eq!(read(&after).0["kid"], json!(new.kid()));
    let set = key_set(&issuer).await;
    assert!(verifies(&before, &set["keys"][0]));
    assert!(verifies(&after, &set["keys"][1]));
    assert!(!verifies(&after, &set["keys"][0]));
}

#[tokio::test]
async fn a_withdrawn_key_is_gone_and_can_come_back() {
    let issuer = DevIssuer::start().await;
    let old = issuer.key();
    let new = issuer.rotate();
    issuer.withdraw(old.kid().unwrap());
    assert_eq!(kids(&issuer).await, [new.kid().unwrap()]);
    issuer.publish(&old);
    issuer.publish(&old);
    assert_eq!(
        kids(&issuer).await,
        [new.kid().unwrap(), old.kid().unwrap()]
    );
    issuer.withdraw(new.kid().unwrap());
    issuer.withdraw(old.kid().unwrap());
    assert_eq!(key_set(&issuer).await, json!({ "keys": [] }));
    assert_eq!(issuer.key().kid(), new.kid(), "it signs all the same");
}

#[tokio::test]
async fn a_key_can_sign_before_it_is_published() {
    let issuer = DevIssuer::start().await;
    let key = SigningKey::shared(Algorithm::ES256).with_kid("next");
    issuer.use_key(&key);
    assert_eq!(read(&issuer.token().build()).0["kid"], "next");
    assert!(!kids(&issuer).await.contains(&"next".to_owned()));
    issuer.publish(&key);
    assert!(kids(&issuer).await.contains(&"next".to_owned()));
    assert_eq!(issuer.rotate().algorithm(), Algorithm::ES256);
}

#[tokio::test]
async fn a_given_key_signs_ahead_of_the_generated() {
    let key = SigningKey::shared(Algorithm::EdDSA).with_kid("mine");
    let issuer = DevIssuer::builder()
        .algorithm(Algorithm::ES256)
        .key(key)
        .start()
        .await
        .unwrap();
    assert_eq!(issuer.key().kid(), Some("mine"));
    assert_eq!(kids(&issuer).await.len(), 2);
    assert_eq!(
        issuer.key_for(Algorithm::ES256).unwrap().algorithm(),
        Algorithm::ES256
    );
    assert!(issuer.key_for(Algorithm::RS256).is_none());
}

#[tokio::test]
async fn an_hmac_key_is_published_only_when_asked() {
    let issuer = DevIssuer::builder()
        .algorithm(Algorithm::HS256)
        .start()
        .await
        .unwrap();
    issuer.rotate();
    assert_eq!(key_set(&issuer).await, json!({ "keys": [] }));
    issuer.publish(&issuer.key());
    assert_eq!(key_set(&issuer).await["keys"][0]["kty"], "oct");
}

#[tokio::test]
async fn any_jwk_can_be_published() {
    let issuer = DevIssuer::start().await;
    issuer.publish_jwk(json!({ "kty": "odd", "kid": "odd" }));
    assert_eq!(
        key_set(&issuer).await["keys"][1],
        json!({ "kty": "odd", "kid": "odd" })
    );
    issuer.withdraw("odd");
    assert_eq!(kids(&issuer).await.len(), 1);
}

#[tokio::test]
async fn cache_control_is_as_given() {
    let issuer = DevIssuer::start().await;
    assert!(
        !get(&issuer.jwks_uri())
            .await
            .headers()
            .contains_key("cache-control")
    );
    issuer.cache_control(Some("max-age=60"));
    issuer.jwks_header("Age", Some("7"));
    let answer = get(&issuer.jwks_uri()).await;
    assert_eq!(answer.headers()["cache-control"], "max-age=60");
    assert_eq!(answer.headers()["age"], "7");
    issuer.cache_control(None);
    assert!(
        !get(&issuer.jwks_uri())
            .await
            .headers()
            .contains_key("cache-control")
    );
}

#[tokio::test]
async fn an_unchanged_set_is_not_sent_again() {
    let issuer = DevIssuer::start().await;
    assert!(!get(&issuer.jwks_uri()).await.headers().contains_key("etag"));
    issuer.etags(true);
    issuer.cache_control(Some("max-age=60"));
    let first = get(&issuer.jwks_uri()).await;
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let date = first.headers()["last-modified"]
        .to_str()
        .unwrap()
        .to_owned();

    let ask = async |name: &str, value: &str| {
        let request = client().get(issuer.jwks_uri()).header(name, value);
        request.send().await.unwrap()
    };
    let lists = [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()];
    for value in &lists {
        let answer = ask("if-none-match", value).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{value}");
        assert_eq!(answer.headers()["etag"], tag);
        assert_eq!(answer.headers()["cache-control"], "max-age=60");
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
    }
    assert_eq!(
        ask("if-modified-since", &date).await.status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(
        ask("if-none-match", "\"other\"").await.status(),
        StatusCode::OK
    );
    assert_eq!(issuer.requests().not_modified, 4);

    // A rotation shows at once, in both validators, even within the same second.
    issuer.rotate();
    let answer = ask("if-none-match", &tag).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_ne!(answer.headers()["etag"], tag);
    assert_eq!(
        ask("if-modified-since", &date).await.status(),
        StatusCode::OK
    );
    assert_eq!(issuer.requests().not_modified, 4);
}
