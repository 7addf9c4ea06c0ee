//! The dashboard of the development issuer, by the requests that its page makes.
#![cfg(feature = "dashboard")]

mod authorize;
mod call;
mod guards;
mod lab;
mod registry;
#[path = "../support/mod.rs"]
mod support;
mod token_endpoint;
mod trouble;

use authz_core::{Authorizer, CryptoBackend, Issuer};
use authz_testkit::{Dashboard, DevIssuer, Registry};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const API: &str = "https://quickstart.example/api";

/// An API that trusts this issuer.
fn authorizer(issuer: Issuer) -> Authorizer {
    let backend = CryptoBackend::available()[0];
    let builder = Authorizer::builder().crypto_backend(backend);
    builder.issuer(issuer).build().unwrap()
}

/// A page in a browser.
struct Page {
    issuer: DevIssuer,
    token: String,
    client: reqwest::Client,
}

impl Page {
    async fn open(registry: Registry) -> Self {
        let issuer = DevIssuer::builder()
            .dashboard(Dashboard::new(registry))
            .start()
            .await
            .unwrap();
        let client = reqwest::Client::new();
        let html = client.get(issuer.issuer()).send().await.unwrap();
        let html = html.text().await.unwrap();
        let (_, rest) = html
            .split_once("name=\"authz-token\" content=\"")
            .expect("the page has a token");
        let (token, _) = rest.split_once('"').unwrap();
        Self {
            token: token.to_owned(),
            issuer,
            client,
        }
    }

    /// With an API that has the scopes of the tutorial.
    async fn with_api(members: Value) -> Self {
        let page = Self::open(Registry::in_memory()).await;
        let mut entry = json!({
            "identifier": API,
            "scopes": { "read:messages": "Read", "write:messages": "Write" },
        });
        for (name, value) in members.as_object().unwrap() {
            entry[name] = value.clone();
        }
        page.put("apis", None, entry).await;
        page
    }

    fn url(&self, path: &str) -> String {
        format!("{}dashboard/{path}", self.issuer.issuer())
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.client.request(method, self.url(path));
        let request = request.header("authz-token", &self.token).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(Method::POST, path, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn put(&self, collection: &str, previous: Option<&str>, entry: Value) -> Value {
        let body = json!({ "previous": previous, "entry": entry });
        let (status, answer) = self.send(Method::PUT, collection, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn refused(&self, method: Method, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.send(method, path, body).await;
        assert!(!status.is_success(), "{answer}");
        (
            status.as_u16(),
            answer["message"].as_str().unwrap().to_owned(),
        )
    }

    async fn state(&self) -> Value {
        let answer = self.client.get(self.url("state")).send().await.unwrap();
        answer.json().await.unwrap()
    }
}
