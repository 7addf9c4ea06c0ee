//! The introspection endpoint: RFC 7662 and RFC 9701.

mod support;

use authz_testkit::{Algorithm, DevIssuer, Fault, SigningKey};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{client, read, verifies};

async fn ask(issuer: &DevIssuer, token: &str) -> Value {
    let response = request(issuer, token)
        .basic_auth("api", Some("s"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

fn request(issuer: &DevIssuer, token: &str) -> reqwest::RequestBuilder {
    client()
        .post(issuer.introspection_endpoint())
        .form(&[("token", token)])
}

#[tokio::test]
async fn tells_which_tokens_are_active() {
    let issuer = DevIssuer::start().await;
    let inactive = json!({ "active": false });
    let opaque = issuer.opaque("t_", &issuer.token().scope("read").audience("a"));
    let jwt = issuer.token().scope("read").audience("a").build();
    for token in [&opaque, &jwt] {
        let answer = ask(&issuer, token).await;
        assert_eq!(answer["active"], true);
        assert_eq!(answer["iss"], issuer.issuer());
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!([&answer["scope"], &answer["aud"]], ["read", "a"]);
        issuer.revoke(token);
        assert_eq!(ask(&issuer, token).await, inactive);
    }
    let forged = issuer
        .token()
        .signed_by(&SigningKey::generate(Algorithm::RS256))
        .build();
    let expired = issuer.opaque("", &issuer.token().expires_in(-1));
    for token in [
        forged,
        expired,
        issuer.token().expires_in(-1).build(),
        "x".to_owned(),
    ] {
        assert_eq!(ask(&issuer, &token).await, inactive, "{token}");
    }
    let bound = issuer
        .token()
        .bound_to(&SigningKey::generate(Algorithm::ES256));
    assert_eq!(
        ask(&issuer, &issuer.opaque("", &bound)).await["token_type"],
        "DPoP"
    );
    assert_eq!(issuer.requests().introspection, 9);
}

#[tokio::test]
async fn clients_authenticate() {
    let issuer = DevIssuer::start().await;
    let token = issuer.opaque("", &issuer.token());
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    let post = |form: &[(&str, &str)]| client().post(issuer.introspection_endpoint()).form(form);
    assert_eq!(status(request(&issuer, &token)).await, 401);
    assert_eq!(
        status(request(&issuer, &token).basic_auth("api", Some(""))).await,
        401
    );
    let secret = [
        ("token", &*token),
        ("client_id", "api"),
        ("client_secret", "s"),
    ];
    assert_eq!(status(post(&secret)).await, 200);
    assert_eq!(status(post(&secret[..2])).await, 401);
    assert_eq!(status(post(&secret[1..])).await, 400);
    let assertion = [
        ("token", &*token),
        ("client_id", "api"),
        ("client_assertion", "a.b.c"),
    ];
    assert_eq!(status(post(&assertion)).await, 200);
    issuer.introspection_client("an api", "p&ss");
    assert_eq!(
        status(request(&issuer, &token).basic_auth("api", Some("s"))).await,
        401
    );
    // RFC 6749 section 2.3.1 encodes both.
    assert_eq!(
        status(request(&issuer, &token).basic_auth("an+api", Some("p%26ss"))).await,
        200
    );
}

#[tokio::test]
async fn signs_its_answer_if_asked() {
    let issuer = DevIssuer::start().await;
    let token = issuer.opaque("", &issuer.token().scope("read"));
    let response = request(&issuer, &token)
        .basic_auth("api", Some("s"))
        .header("accept", "application/token-introspection+jwt")
        .send()
        .await
        .unwrap();
    let kind = &response.headers()["content-type"];
    assert_eq!(kind, "application/token-introspection+jwt");
    let answer = response.text().await.unwrap();
    let (header, claims) = read(&answer);
    assert_eq!(header["typ"], "token-introspection+jwt");
    assert_eq!([&claims["iss"], &claims["aud"]], [issuer.issuer(), "api"]);
    assert!(claims["iat"].is_u64() && claims.get("exp").is_none());
    assert_eq!(claims["token_introspection"]["active"], true);
    assert_eq!(claims["token_introspection"]["scope"], "read");
    assert!(verifies(&answer, &issuer.published_jwks()["keys"][0]));
}

#[tokio::test]
async fn the_token_endpoint_issues_opaque_tokens() {
    let issuer = DevIssuer::start().await;
    let get = async |format: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "me"),
            ("scope", "read"),
            ("access_token_format", format),
        ];
        client()
            .post(issuer.token_endpoint())
            .form(&form)
            .send()
            .await
            .unwrap()
    };
    let answer: Value = get("opaque").await.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(
        (answer["expires_in"].as_i64(), token.contains('.')),
        (Some(3600), false)
    );
    let said = ask(&issuer, token).await;
    assert_eq!(
        [&said["client_id"], &said["scope"], &said["sub"]],
        ["me", "read", "me"]
    );
    assert_eq!(said["aud"], issuer.audience());
    let answer: Value = get("jwt").await.json().await.unwrap();
    assert!(answer["access_token"].as_str().unwrap().contains('.'));
    assert_eq!(get("pem").await.status(), 400);
}

#[tokio::test]
async fn fails_on_request_and_is_found_by_discovery() {
    let issuer = DevIssuer::start().await;
    let token = issuer.opaque("", &issuer.token());
    issuer.fault_introspection(Some(Fault::Status(500).times(1)));
    let failed = request(&issuer, &token)
        .basic_auth("api", Some("s"))
        .send()
        .await
        .unwrap();
    assert_eq!(failed.status(), 500);
    assert_eq!(ask(&issuer, &token).await["active"], true);
    let document = issuer.discovery_document();
    assert_eq!(
        document["introspection_endpoint"],
        issuer.introspection_endpoint()
    );
    let get = client()
        .get(issuer.introspection_endpoint())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (get.status(), &get.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
}

#[tokio::test]
async fn a_revoked_token_is_not_active() {
    let issuer = DevIssuer::start().await;
    let revoke = async |form: &[(&str, &str)]| {
        let request = client().post(issuer.revocation_endpoint()).form(form);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.status()
    };
    for token in [issuer.token().build(), issuer.opaque("", &issuer.token())] {
        assert_eq!(ask(&issuer, &token).await["active"], true);
        let form = [("token", &*token), ("token_type_hint", "refresh_token")];
        assert_eq!(revoke(&form).await, 200);
        assert_eq!(ask(&issuer, &token).await, json!({ "active": false }));
    }
    assert_eq!(revoke(&[("token", "nobody's")]).await, 200);
    assert_eq!(revoke(&[("token_type_hint", "access_token")]).await, 400);
    let metadata = issuer.discovery_document();
    assert_eq!(
        metadata["revocation_endpoint"],
        issuer.revocation_endpoint()
    );
    assert_eq!(issuer.requests().revocation, 4);
}
