//! Calls of an API on this machine, with the operator's view of its decisions.

use std::sync::Arc;

use authz_core::{Authorizer, Issuer, RequestParts, jwks::StaticKeys, scope};
use authz_testkit::{Inspector, Registry};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tracing_subscriber::prelude::*;

use super::{API, Page, authorizer};

/// Answers every request as the authorizer decides, and nothing more.
async fn serve(authorizer: Authorizer) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            while !text.windows(4).any(|it| it == b"\r\n\r\n") {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).await.unwrap();
                text.extend_from_slice(&bytes[..read]);
            }
            let text = String::from_utf8(text).unwrap();
            let token = text
                .lines()
                .find_map(|it| it.strip_prefix("authorization: "));
            let mut headers = http::HeaderMap::new();
            if let Some(token) = token {
                headers.insert("authorization", token.parse().unwrap());
            }
            let (method, uri) = (Method::GET, "/api/private".parse().unwrap());
            let request = RequestParts::new(&method, &uri, &headers);
            let answer = match authorizer
                .authorize(&request, &scope("read:messages"))
                .await
            {
                Ok(_) => "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".to_owned(),
                Err(rejection) => format!(
                    "HTTP/1.1 {} no\r\nwww-authenticate: {}\r\ncontent-length: 0\r\n\r\n",
                    rejection.status().as_u16(),
                    rejection.challenge().unwrap().to_str().unwrap()
                ),
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    port
}

#[tokio::test]
async fn a_call_shows_the_answer_and_the_reason() {
    let page = Page::with_api(json!({})).await;
    let keys = page.issuer.published_jwks().to_string();
    let keys = StaticKeys::from_jwks(keys.as_bytes()).unwrap();
    let issuer = Issuer::new(page.issuer.issuer()).audience(API).keys(keys);
    let inspector = Arc::new(Inspector::start(0).await.unwrap());
    let subscriber = tracing_subscriber::registry().with(inspector.layer());
    let _guard = tracing::subscriber::set_default(subscriber);
    let port = serve(authorizer(issuer)).await;
    let call = async |token: Value| {
        let url = format!("http://127.0.0.1:{port}/api/private?x=1");
        let body = json!({
            "method": "GET", "url": url, "token": token, "inspector_port": inspector.port(),
        });
        page.post("call", body).await
    };
    let token = async |choice: Value| page.post("token", choice).await["token"].clone();

    let good = token(json!({ "api": API, "scopes": ["read:messages"] })).await;
    for cached in ["false", "true"] {
        let answer = call(good.clone()).await;
        assert_eq!(
            (&answer["status"], &answer["body"]),
            (&json!(200), &json!("hello"))
        );
        assert!(answer["millis"].as_f64().unwrap() > 0.0);
        let decision = &answer["decisions"][0];
        assert_eq!(decision["outcome"], "allowed", "{answer}");
        assert!(
            decision["fields"]
                .as_array()
                .unwrap()
                .contains(&json!(["cached", cached]))
        );
    }
    let answer = call(token(json!({ "api": API, "fault": "expired" })).await).await;
    assert_eq!(answer["status"], 401);
    assert_eq!(answer["challenges"][0]["scheme"], "Bearer");
    let parameters = answer["challenges"][0]["parameters"].as_array().unwrap();
    assert!(parameters.contains(&json!(["error", "invalid_token"])));
    let decision = &answer["decisions"][0];
    assert_eq!(decision["outcome"], "refused");
    let fields = decision["fields"].as_array().unwrap();
    assert!(fields.contains(&json!(["reason", "expired"])));
    assert!(fields.iter().any(|field| field[0] == "actual"));

    let answer = call(Value::Null).await;
    assert_eq!(answer["decisions"][0]["outcome"], "refused");
    let answer = call(token(json!({ "api": API })).await).await;
    assert_eq!(answer["status"], 403);

    let counts = reqwest::get(format!("http://127.0.0.1:{}/", inspector.port()))
        .await
        .unwrap();
    let counts: Value = counts.json().await.unwrap();
    let expected = json!({ "allowed": 2, "cached": 1, "refused": 3, "unavailable": 0 });
    assert_eq!(counts["decisions"], expected);
}

#[tokio::test]
async fn a_proof_goes_with_the_scheme_dpop() {
    let page = Page::open(Registry::in_memory()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://127.0.0.1:{}/",
        listener.local_addr().unwrap().port()
    );
    for (proof, expected) in [
        (
            json!("p"),
            &["authorization: DPoP t\r\n", "dpop: p\r\n"][..],
        ),
        (Value::Null, &["authorization: Bearer t\r\n"]),
    ] {
        let call = json!({ "method": "GET", "url": url, "token": "t", "proof": proof });
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            let answer = "HTTP/1.1 401 no\r\nwww-authenticate: DPoP error=\"use_dpop_nonce\"\r\ndpop-nonce: n\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(bytes[..read].to_vec()).unwrap()
        };
        let (answer, request) = tokio::join!(page.post("call", call), serve);
        for part in expected {
            assert!(request.contains(part), "{request}");
        }
        assert_eq!(request.contains("dpop: "), proof.is_string(), "{request}");
        // What the page needs for another attempt.
        let headers = answer["headers"].as_array().unwrap();
        assert!(headers.contains(&json!(["dpop-nonce", "n"])));
        let challenge = json!({ "scheme": "DPoP", "parameters": [["error", "use_dpop_nonce"]] });
        assert_eq!(answer["challenges"][0], challenge);
    }
}

#[tokio::test]
async fn the_inspector_answers_this_machine_alone() {
    let inspector = Inspector::start(0).await.unwrap();
    let url = format!("http://127.0.0.1:{}/", inspector.port());
    let answer = reqwest::Client::new()
        .get(&url)
        .header("host", "evil.example")
        .send();
    assert_eq!(answer.await.unwrap().status(), 403);
    assert!(Inspector::start(inspector.port()).await.is_err());
}

#[tokio::test]
async fn only_apis_on_this_machine_are_called() {
    let page = Page::open(Registry::in_memory()).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let nobody = format!("http://127.0.0.1:{port}/");
    for (url, status) in [
        ("http://example.com/", 400),
        ("https://127.0.0.1/", 400),
        ("http://127.0.0.1.example.com/", 400),
        ("http://user@example.com/", 400),
        ("file:///etc/passwd", 400),
        ("/api", 400),
        (&nobody, 502),
    ] {
        let call = json!({ "method": "GET", "url": url });
        let (got, message) = page.refused(Method::POST, "call", call).await;
        assert_eq!(got, status, "{url}: {message}");
    }
    let header = json!({ "method": "GET", "url": nobody, "token": "a\r\nb: c" });
    assert_eq!(page.refused(Method::POST, "call", header).await.0, 400);
    // A server that asks nothing has no decisions, and the page says why.
    let call = json!({ "method": "GET", "url": page.issuer.jwks_uri(), "inspector_port": port });
    let answer = page.post("call", call).await;
    assert_eq!(answer["status"], 200);
    let why = answer["inspector_error"].as_str().unwrap();
    assert!(why.contains("AUTHZ_INSPECTOR_PORT"), "{why}");
}
