//! The client credentials grant: RFC 6749 section 4.4, and the members that are ours.

mod support;

use authz_testkit::{Algorithm, DevIssuer, TokenStyle};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{client, read, verifies};

const FORM: &str = "application/x-www-form-urlencoded";

async fn post(issuer: &DevIssuer, content_type: &str, body: impl ToString) -> reqwest::Response {
    client()
        .post(issuer.token_endpoint())
        .header("content-type", content_type)
        .body(body.to_string())
        .send()
        .await
        .unwrap()
}

/// The answer to a form, and what the token in it says.
async fn granted(issuer: &DevIssuer, form: &str) -> (Value, Value, Value) {
    let answer = post(issuer, FORM, form).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let (header, claims) = read(token);
    let published = issuer.published_jwks();
    let key = published["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("the key is published");
    assert!(verifies(token, key));
    (answer, header, claims)
}

#[tokio::test]
async fn a_form_gets_a_token() {
    let issuer = DevIssuer::start().await;
    let form = "grant_type=client_credentials&client_id=me&client_secret=x\
                &audience=https%3A%2F%2Fapi.example%2F&scope=read%3Amessages+write:messages";
    let response = post(&issuer, &format!("{FORM}; charset=utf-8"), form).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");

    let (answer, header, claims) = granted(&issuer, form).await;
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["scope"], "read:messages write:messages");
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["iss"], issuer.issuer());
    assert_eq!(claims["aud"], "https://api.example/");
    assert_eq!(claims["scope"], "read:messages write:messages");
    assert_eq!(claims["client_id"], "me");
    assert_eq!(claims["sub"], "me");
    assert_eq!(issuer.requests().token, 2);
}

#[tokio::test]
async fn json_gets_a_token() {
    let issuer = DevIssuer::start().await;
    let body = json!({
        "grant_type": "client_credentials", "client_id": "me", "client_secret": "x",
        "audience": "https://api.example/", "scope": "read:messages", "expires_in": 60,
    });
    let answer: Value = post(&issuer, "application/json", body)
        .await
        .json()
        .await
        .unwrap();
    let claims = read(answer["access_token"].as_str().unwrap()).1;
    assert_eq!(answer["expires_in"], 60);
    assert_eq!(claims["aud"], "https://api.example/");
    assert_eq!(claims["scope"], "read:messages");
}

#[tokio::test]
async fn what_is_not_asked_for_is_the_issuers_default() {
    let issuer = DevIssuer::builder()
        .audience("https://default.example")
        .token_lifetime(120)
        .start()
        .await
        .unwrap();
    let (answer, _, claims) = granted(&issuer, "grant_type=client_credentials&client_id=me").await;
    assert_eq!(claims["aud"], "https://default.example");
    assert_eq!(answer["expires_in"], 120);
    assert_eq!(answer.get("scope"), None);
    assert_eq!(claims.get("scope"), None);
}

#[tokio::test]
async fn the_lifetime_can_be_asked_for() {
    let issuer = DevIssuer::start().await;
    let form = "grant_type=client_credentials&client_id=me&expires_in=-30";
    let (answer, _, claims) = granted(&issuer, form).await;
    assert_eq!(answer["expires_in"], -30);
    assert_eq!(
        claims["exp"].as_i64().unwrap(),
        claims["iat"].as_i64().unwrap() - 30
    );
}

#[tokio::test]
async fn form_fields_are_decoded() {
    let issuer = DevIssuer::start().await;
    let form = "&grant_type=client_credentials&client_id=a%3D%26b&scope=r+%C3%A9%2&&organization";
    let (_, _, claims) = granted(&issuer, form).await;
    assert_eq!(claims["client_id"], "a=&b");
    assert_eq!(claims["scope"], "r é%2");
    assert_eq!(claims["org_id"], "");
}

#[tokio::test]
async fn the_organization_and_roles_become_claims() {
    let issuer = DevIssuer::start().await;
    let form = "grant_type=client_credentials&client_id=me";
    let (_, _, claims) = granted(&issuer, form).await;
    assert_eq!(claims.get("org_id"), None);
    assert_eq!(claims.get("roles"), None);
    let (_, _, claims) = granted(&issuer, &format!("{form}&organization=acme&roles=a+b")).await;
    assert_eq!(claims["org_id"], "acme");
    assert_eq!(claims["roles"], json!(["a", "b"]));
}

#[tokio::test]
async fn resources_become_the_audience() {
    let issuer = DevIssuer::start().await;
    let form = "grant_type=client_credentials&client_id=me&resource=https://a&resource=https://b";
    let (_, _, claims) = granted(&issuer, form).await;
    assert_eq!(claims["aud"], json!(["https://a", "https://b"]));
}

#[tokio::test]
async fn the_algorithm_picks_the_key() {
    let issuer = DevIssuer::builder()
        .algorithms([Algorithm::ES256, Algorithm::EdDSA])
        .start()
        .await
        .unwrap();
    let form = "grant_type=client_credentials&client_id=me";
    let (_, header, _) = granted(&issuer, form).await;
    assert_eq!(header["alg"], "ES256");
    let (_, header, _) = granted(&issuer, &format!("{form}&alg=EdDSA")).await;
    assert_eq!(header["alg"], "EdDSA");
    let refused = post(&issuer, FORM, format!("{form}&alg=RS256")).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_style_shapes_the_token() {
    let issuer = DevIssuer::builder()
        .token_style(TokenStyle::Auth0)
        .start()
        .await
        .unwrap();
    let form = "grant_type=client_credentials&client_id=me";
    let (_, header, claims) = granted(&issuer, form).await;
    assert_eq!(header["typ"], "JWT");
    assert_eq!(claims["azp"], "me");
    assert_eq!(claims["sub"], "me@clients");
    assert_eq!(claims["gty"], "client-credentials");
    let (_, header, claims) = granted(&issuer, &format!("{form}&style=rfc9068")).await;
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["client_id"], "me");
}

#[tokio::test]
async fn http_basic_names_the_client() {
    let issuer = DevIssuer::start().await;
    let answer: Value = client()
        .post(issuer.token_endpoint())
        .basic_auth("me%3Atoo", Some("any"))
        .header("content-type", FORM)
        .body("grant_type=client_credentials")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let claims = read(answer["access_token"].as_str().unwrap()).1;
    assert_eq!(claims["client_id"], "me:too");
}

#[tokio::test]
async fn refusals_are_those_of_rfc_6749() {
    let issuer = DevIssuer::start().await;
    let json = "application/json";
    for (content_type, body, status, error) in [
        (
            FORM,
            "grant_type=password&client_id=me",
            400,
            "unsupported_grant_type",
        ),
        (FORM, "grant_type=client_credentials", 401, "invalid_client"),
        (
            FORM,
            "grant_type=client_credentials&client_id=",
            401,
            "invalid_client",
        ),
        (FORM, "client_id=me", 400, "invalid_request"),
        (FORM, "", 400, "invalid_request"),
        (
            FORM,
            "grant_type=client_credentials&client_id=me&scope=a&scope=b",
            400,
            "invalid_request",
        ),
        (
            FORM,
            "grant_type=client_credentials&client_id=me&expires_in=soon",
            400,
            "invalid_request",
        ),
        (
            FORM,
            "grant_type=client_credentials&client_id=me&organization=a&organization=b",
            400,
            "invalid_request",
        ),
        (
            FORM,
            "grant_type=client_credentials&client_id=me&style=odd",
            400,
            "invalid_request",
        ),
        (json, "[]", 400, "invalid_request"),
        (json, "{", 400, "invalid_request"),
        (json, r#"{"grant_type":1}"#, 400, "invalid_request"),
        (
            "text/plain",
            "grant_type=client_credentials&client_id=me",
            400,
            "invalid_request",
        ),
    ] {
        let answer = post(&issuer, content_type, body).await;
        assert_eq!(answer.status(), status, "{body}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{body}");
        let challenge = answer.headers().contains_key("www-authenticate");
        assert_eq!(challenge, status == 401, "{body}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["error"], error, "{body}");
        assert!(answer["error_description"].is_string(), "{body}");
    }
    let list = r#"{"grant_type":"client_credentials","client_id":"me","roles":["a"]}"#;
    let answer: Value = post(&issuer, json, list).await.json().await.unwrap();
    let description = answer["error_description"].as_str().unwrap();
    assert!(description.starts_with("roles is repeated or not a string"));
    let twice = "grant_type=client_credentials&client_id=me&scope=a&scope=b";
    let answer: Value = post(&issuer, FORM, twice).await.json().await.unwrap();
    let description = answer["error_description"].as_str().unwrap();
    assert!(description.starts_with("scope is repeated or not a string"));
    let long = post(&issuer, FORM, "x".repeat(100_000)).await;
    assert_eq!(long.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_token_is_posted_for() {
    let issuer = DevIssuer::start().await;
    let answer = support::get(&issuer.token_endpoint()).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "POST");
}
