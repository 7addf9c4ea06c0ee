//! Keys and faults, and what the page watches.

use authz_core::{Issuer, jwks::StaticKeys};
use authz_testkit::Inspector;
use reqwest::Method;
use serde_json::{Value, json};

use super::{API, Page, authorizer};
use crate::support::read;

#[tokio::test]
async fn a_rotation_gives_every_algorithm_a_new_key() {
    let page = Page::with_api(json!({ "algorithm": "ES256" })).await;
    let signing = |state: &Value| -> Vec<String> {
        let keys = state["keys"].as_array().unwrap().iter();
        let signing = keys.filter(|key| key["signs"] == true);
        signing
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = signing(&page.state().await);
    assert_eq!(before.len(), 2);
    let state = &page.post("trouble", json!({ "rotate": true })).await["state"];
    let after = signing(state);
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|kid| !before.contains(kid)));
    assert_eq!(state["keys"].as_array().unwrap().len(), 4);
    let answer = page.post("token", json!({ "api": API })).await;
    let kid = read(answer["token"].as_str().unwrap()).0["kid"].clone();
    assert!(after.contains(&kid.as_str().unwrap().to_owned()));

    let withdrawn = page.post("trouble", json!({ "withdraw": before[0] })).await;
    assert_eq!(withdrawn["state"]["keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_key_server_fails_on_request() {
    let page = Page::with_api(json!({})).await;
    let get = async || reqwest::get(page.issuer.jwks_uri()).await;
    page.post("trouble", json!({ "fault": "status_503" })).await;
    assert_eq!(get().await.unwrap().status(), 503);
    let discovery = reqwest::get(page.issuer.discovery_uri()).await.unwrap();
    assert_eq!(discovery.status(), 503);
    assert_eq!(page.state().await["fault"], "status_503");
    page.post("trouble", json!({ "fault": "reset" })).await;
    assert!(get().await.is_err());
    let (status, message) = page
        .refused(Method::POST, "trouble", json!({ "fault": "rain" }))
        .await;
    assert!(status == 400 && message.contains("endless"), "{message}");
    for fault in ["none", "slow", "hang", "endless", "empty", "html"] {
        let answer = page.post("trouble", json!({ "fault": fault })).await;
        assert_eq!(answer["state"]["fault"], fault);
    }
    page.post("trouble", json!({ "fault": "none" })).await;
    assert_eq!(get().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_page_watches_the_issuer_and_the_api() {
    let page = Page::with_api(json!({})).await;
    let inspector = Inspector::start(0).await.unwrap();
    let keys = page.issuer.published_jwks().to_string();
    let keys = StaticKeys::from_jwks(keys.as_bytes()).unwrap();
    let issuer = Issuer::new(page.issuer.issuer()).audience(API).keys(keys);
    inspector.watch(&authorizer(issuer));
    reqwest::get(page.issuer.jwks_uri()).await.unwrap();
    let event = async |port: u16| {
        let url = page.url(&format!("events?inspector_port={port}"));
        let mut answer = page.client.get(url).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let chunk = answer.chunk().await.unwrap().unwrap();
        let text = String::from_utf8(chunk.into()).unwrap();
        let json = text.strip_prefix("data: ").unwrap().trim_end();
        serde_json::from_str::<Value>(json).unwrap()
    };
    let seen = event(inspector.port()).await;
    assert_eq!(seen["issuer"]["jwks"], 1);
    assert_eq!(seen["api"]["ready"], true);
    assert_eq!(seen["api"]["issuers"][0]["keys"], 1);
    assert_eq!(seen["api"]["decisions"]["allowed"], 0);
    let port = inspector.port();
    drop(inspector);
    assert_eq!(event(port).await["api"], Value::Null);
}
