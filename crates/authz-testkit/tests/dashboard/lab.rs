//! Tokens of the test lab, as an API sees them.

use authz_core::{
    Algorithm, Authorizer, Issuer,
    jwks::{SharedSecret, StaticKeys},
    scope,
};
use authz_testkit::SigningKey;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{API, Page, authorizer};

/// An API that has the issuer's published keys.
fn api(page: &Page) -> Authorizer {
    let keys = page.issuer.published_jwks().to_string();
    let keys = StaticKeys::from_jwks(keys.as_bytes()).unwrap();
    let issuer = Issuer::new(page.issuer.issuer()).audience(API).keys(keys);
    let all = Algorithm::ALL.into_iter();
    let all = all.filter(|it| !it.name().starts_with("HS"));
    authorizer(issuer.algorithms(all))
}

fn claim<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let rows = answer["decoded"]["claims"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == name);
    row.map_or(&Value::Null, |row| &row["value"])
}

#[tokio::test]
async fn every_wrong_token_is_refused_for_the_announced_reason() {
    let page = Page::with_api(json!({})).await;
    let faults = page.client.get(page.url("faults")).send().await.unwrap();
    let faults: Vec<Value> = faults.json().await.unwrap();
    assert_eq!(faults.len(), 10);
    for algorithm in ["RS256", "ES256", "EdDSA", "PS384"] {
        let mut choice = json!({ "api": API, "algorithm": algorithm, "scopes": ["read:messages"] });
        let good = page.post("token", choice.clone()).await;
        let verified = api(&page).verify(good["token"].as_str().unwrap()).await;
        assert!(
            verified.unwrap().check(&scope("read:messages")).is_ok(),
            "{algorithm}"
        );
        for fault in &faults {
            choice["fault"] = fault["name"].clone();
            let answer = page.post("token", choice.clone()).await;
            let token = answer["token"].as_str().unwrap();
            let rejection = api(&page).verify(token).await.unwrap_err();
            assert_eq!(answer["fault"], *fault);
            assert_eq!(
                rejection.reason().name(),
                fault["reason"],
                "{algorithm} {fault}"
            );
            assert_eq!(rejection.status().as_u16(), fault["status"], "{fault}");
        }
    }
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_of_the_page() {
    let page = Page::with_api(json!({})).await;
    let jkt = SigningKey::shared(Algorithm::ES256).thumbprint();
    let answer = page.post("token", json!({ "api": API, "jkt": jkt })).await;
    assert_eq!(claim(&answer, "cnf"), &json!({ "jkt": jkt }));
    assert_eq!(
        (&answer["jkt"], &answer["opaque"]),
        (&json!(jkt), &json!(false))
    );
    let rejection = api(&page).verify(answer["token"].as_str().unwrap()).await;
    assert_eq!(rejection.unwrap_err().reason().name(), "sender_constrained");
    let plain = page.post("token", json!({ "api": API })).await;
    assert_eq!(claim(&plain, "cnf"), &Value::Null);
}

#[tokio::test]
async fn an_opaque_token_is_known_to_the_issuer_until_it_is_revoked() {
    let page = Page::with_api(json!({})).await;
    let choice = json!({ "api": API, "user": "ada", "opaque": true });
    let answer = page.post("token", choice).await;
    let token = answer["token"].as_str().unwrap();
    assert!(!token.contains('.') && answer["opaque"] == true, "{answer}");
    assert_eq!(claim(&answer, "sub"), "ada");
    let is_active = async || {
        let request = crate::support::client().post(page.issuer.introspection_endpoint());
        let request = request
            .form(&[("token", token)])
            .basic_auth("api", Some("s"));
        let said: Value = request.send().await.unwrap().json().await.unwrap();
        said["active"].as_bool().unwrap()
    };
    let decoded = async || page.post("decode", json!({ "token": token })).await;
    assert!(is_active().await);
    let before = decoded().await;
    assert_eq!(claim(&before, "sub"), "ada");
    assert_eq!(
        (&before["is_opaque"], &before["is_revoked"]),
        (&json!(true), &json!(false))
    );
    page.post("revoke", json!({ "token": token })).await;
    assert!(!is_active().await);
    assert_eq!(decoded().await["is_revoked"], true);
    // A mistake comes before the kind.
    let wrong = json!({ "api": API, "opaque": true, "fault": "expired" });
    assert_eq!(page.post("token", wrong).await["opaque"], false);
}

#[tokio::test]
async fn a_shared_secret_signs_as_well() {
    let page = Page::with_api(json!({ "algorithm": "HS384" })).await;
    let answer = page
        .put(
            "apis",
            Some(API),
            json!({ "identifier": API, "algorithm": "HS256" }),
        )
        .await;
    let secret = URL_SAFE_NO_PAD
        .decode(answer["secret"].as_str().unwrap())
        .unwrap();
    let keys = SharedSecret::hs256(secret).unwrap();
    let issuer = Issuer::new(page.issuer.issuer()).audience(API).keys(keys);
    let api = authorizer(issuer.algorithms([Algorithm::HS256]));
    let answer = page.post("token", json!({ "api": API })).await;
    api.verify(answer["token"].as_str().unwrap()).await.unwrap();
    for fault in ["forged", "withdrawn_key"] {
        let answer = page
            .post("token", json!({ "api": API, "fault": fault }))
            .await;
        let rejection = api
            .verify(answer["token"].as_str().unwrap())
            .await
            .unwrap_err();
        assert_eq!(
            rejection.reason().name(),
            answer["fault"]["reason"],
            "{fault}"
        );
    }
    // Only this API has a secret for it.
    let (status, message) = page
        .refused(
            Method::POST,
            "token",
            json!({ "api": "urn:b", "algorithm": "HS256" }),
        )
        .await;
    assert_eq!(status, 400);
    assert!(message.contains("secret"), "{message}");
}

#[tokio::test]
async fn a_user_has_the_permissions_of_the_chosen_roles() {
    let page = Page::with_api(json!({ "format": "auth0", "lifetime": 60 })).await;
    let permission = |scope: &str| json!({ API: [scope] });
    page.put(
        "roles",
        None,
        json!({ "name": "manager", "permissions": permission("read:messages") }),
    )
    .await;
    page.put("organizations", None, json!({ "id": "acme" }))
        .await;
    let user = json!({
        "id": "dev|alice",
        "roles": ["manager"],
        "organizations": ["acme"],
        "permissions": permission("write:messages"),
    });
    page.put("users", None, user).await;
    let mut choice = json!({
        "api": API, "client": "app", "user": "dev|alice", "roles": ["manager"], "organization": "acme",
    });
    let answer = page.post("token", choice.clone()).await;
    assert_eq!(claim(&answer, "sub"), "dev|alice");
    assert_eq!(claim(&answer, "azp"), "app");
    assert_eq!(claim(&answer, "org_id"), "acme");
    assert_eq!(claim(&answer, "roles"), &json!(["manager"]));
    assert_eq!(
        claim(&answer, "permissions"),
        &json!(["read:messages", "write:messages"])
    );
    let lifetime =
        claim(&answer, "exp").as_i64().unwrap() - claim(&answer, "iat").as_i64().unwrap();
    assert_eq!(lifetime, 60);
    choice["roles"] = json!([]);
    choice["format"] = "at+jwt".into();
    let answer = page.post("token", choice).await;
    assert_eq!(claim(&answer, "permissions"), &json!(["write:messages"]));
    assert_eq!(claim(&answer, "client_id"), "app");
}

#[tokio::test]
async fn any_token_is_taken_apart() {
    let page = Page::with_api(json!({})).await;
    let answer = page
        .post(
            "decode",
            json!({ "token": " eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDAsIm5iZiI6Ii0ifQ. " }),
        )
        .await;
    let row = &answer["decoded"]["claims"][0];
    assert_eq!(row["name"], "exp");
    assert_eq!(row["time"], "2023-11-14T22:13:20Z");
    assert!(row["meaning"].as_str().unwrap().contains("RFC 7519"));
    assert_eq!(answer["decoded"]["claims"][1]["time"], Value::Null);
    for (token, part) in [
        ("abc", "opaque"),
        ("a.b", "three parts"),
        ("a.b.c.d.e", "encrypted"),
        ("!.e30.", "first part"),
        ("e30.W10.", "second part"),
    ] {
        let (status, message) = page
            .refused(Method::POST, "decode", json!({ "token": token }))
            .await;
        assert_eq!(status, 400);
        assert!(message.contains(part), "{token}: {message}");
    }
}
