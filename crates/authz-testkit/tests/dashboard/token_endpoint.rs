//! What a registry changes at the token endpoint.

use serde_json::{Value, json};

use super::{API, Page};
use crate::support::read;

async fn ask(page: &Page, members: Value) -> (u16, Value) {
    let mut body =
        json!({ "grant_type": "client_credentials", "client_id": "me", "audience": API });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let request = page.client.post(page.issuer.token_endpoint()).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_token_is_as_its_api_says() {
    let page =
        Page::with_api(json!({ "algorithm": "ES256", "lifetime": 60, "format": "auth0" })).await;
    // Its key is published before the first token.
    assert_eq!(page.issuer.published_jwks()["keys"][1]["alg"], "ES256");
    let (_, answer) = ask(&page, json!({ "scope": "any" })).await;
    assert_eq!(answer["expires_in"], 60);
    assert_eq!(answer["scope"], "any");
    let (header, claims) = read(answer["access_token"].as_str().unwrap());
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["typ"], "JWT");
    assert_eq!(claims["azp"], "me");
    // The request may say otherwise, and other APIs are as without a registry.
    let (_, answer) = ask(&page, json!({ "expires_in": 5, "style": "rfc9068" })).await;
    assert_eq!(answer["expires_in"], 5);
    let (_, answer) = ask(&page, json!({ "audience": "urn:other" })).await;
    assert_eq!(
        read(answer["access_token"].as_str().unwrap()).0["alg"],
        "RS256"
    );
}

#[tokio::test]
async fn a_registered_client_gets_only_its_scopes() {
    let page = Page::with_api(json!({})).await;
    let scopes = json!({ "id": "reporter", "scopes": { API: ["read:messages"] } });
    page.put("clients", None, scopes).await;
    for (members, expected) in [
        (json!({ "scope": "read:messages" }), Ok("read:messages")),
        (json!({}), Ok("read:messages")),
        (
            json!({ "scope": "read:messages write:messages" }),
            Err("invalid_scope"),
        ),
        (
            json!({ "audience": "urn:other" }),
            Err("unauthorized_client"),
        ),
    ] {
        let mut members = members;
        members["client_id"] = "reporter".into();
        let (status, answer) = ask(&page, members.clone()).await;
        match expected {
            Ok(scope) => assert_eq!(answer["scope"], scope, "{members}"),
            Err(error) => assert_eq!(
                (status, &answer["error"]),
                (400, &json!(error)),
                "{members}"
            ),
        }
    }
    let (_, answer) = ask(&page, json!({ "scope": "write:messages" })).await;
    assert_eq!(answer["scope"], "write:messages");
}
