//! The login page and the authorization code grant (RFC 6749 section 4.1, RFC 7636, RFC 9207).

use std::time::Duration;

use authz_testkit::{Algorithm, SigningKey, TokenBuilder};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Response, Url};
use serde_json::{Value, json};

use super::{API, Page};
use crate::support::{client, get, read};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "http://127.0.0.1:3010/docs/oauth2-redirect.html";

/// Parameters of a request. `null` removes one.
fn changed(mut parameters: Value, changes: &Value) -> Vec<(String, String)> {
    for (name, value) in changes.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    let parameters = parameters.as_object().unwrap().iter();
    let strings = parameters.filter_map(|(name, value)| Some((name, value.as_str()?)));
    strings
        .map(|(name, value)| (name.clone(), value.to_owned()))
        .collect()
}

fn authorize(page: &Page, changes: &Value) -> Url {
    let parameters = json!({
        "response_type": "code",
        "client_id": "docs",
        "redirect_uri": REDIRECT,
        "scope": "read:messages",
        "state": "a&b",
        "audience": API,
        "code_challenge": URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes())),
        "code_challenge_method": "S256",
    });
    let address = format!("{}authorize", page.issuer.issuer());
    Url::parse_with_params(&address, changed(parameters, changes)).unwrap()
}

async fn submit(page: &Page, url: Url, answers: &Value) -> Response {
    let form = json!({ "token": page.token, "user": "", "subject": "", "decision": "allow" });
    let request = client().post(url).form(&changed(form, answers));
    request.send().await.unwrap()
}

/// The parameters with which the browser returns to the client.
fn returned(response: &Response) -> Value {
    assert_eq!(response.status(), 303);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(REDIRECT), "{location}");
    let url = Url::parse(location).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect()
}

async fn code(page: &Page, changes: &Value) -> String {
    let answer = submit(page, authorize(page, changes), &json!({ "subject": "ada" })).await;
    returned(&answer)["code"].as_str().unwrap().to_owned()
}

async fn redeem(page: &Page, code: &str, changes: &Value) -> (u16, Value) {
    redeem_with(page, code, changes, None).await
}

async fn redeem_with(
    page: &Page,
    code: &str,
    changes: &Value,
    proof: Option<TokenBuilder>,
) -> (u16, Value) {
    let form = json!({
        "grant_type": "authorization_code",
        "client_id": "docs",
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
    });
    let request = client()
        .post(page.issuer.token_endpoint())
        .form(&changed(form, changes));
    let request = proof
        .into_iter()
        .fold(request, |it, proof| it.header("DPoP", proof.build()));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_user_logs_in_and_the_client_gets_a_token() {
    let page = Page::with_api(json!({ "lifetime": 60 })).await;
    let permissions = json!({ API: ["read:messages"] });
    page.put(
        "roles",
        None,
        json!({ "name": "admin", "permissions": permissions }),
    )
    .await;
    page.put("organizations", None, json!({ "id": "acme" }))
        .await;
    let user =
        json!({ "id": "grace", "name": "<Grace>", "roles": ["admin"], "organizations": ["acme"] });
    page.put("users", None, user).await;

    let form = get(authorize(&page, &json!({})).as_str()).await;
    assert_eq!(form.status(), 200);
    let html = form.text().await.unwrap();
    assert!(
        html.contains(r#"<option value="grace">&#60;Grace&#62;</option>"#),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");

    let url = authorize(&page, &json!({}));
    let answer = returned(&submit(&page, url, &json!({ "user": "grace" })).await);
    assert_eq!(answer["state"], "a&b");
    assert_eq!(answer["iss"], page.issuer.issuer());
    let (status, answer) = redeem(&page, answer["code"].as_str().unwrap(), &json!({})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["scope"], "read:messages");
    assert_eq!(answer["expires_in"], 60);
    let (_, claims) = read(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], "grace");
    assert_eq!(claims["client_id"], "docs");
    assert_eq!(claims["aud"], API);
    assert_eq!(claims["roles"], json!(["admin"]));
    assert_eq!(claims["permissions"], json!(["read:messages"]));
    assert_eq!(claims["org_id"], "acme");
}

#[tokio::test]
async fn a_typed_subject_comes_before_the_chosen_user() {
    let page = Page::with_api(json!({})).await;
    let url = || authorize(&page, &json!({ "audience": null, "state": null }));
    let empty = submit(&page, url(), &json!({})).await;
    assert_eq!(empty.status(), 400);
    assert!(empty.text().await.unwrap().contains("Choose a user"));
    let both = submit(
        &page,
        url(),
        &json!({ "user": "grace", "subject": " ada " }),
    )
    .await;
    let answer = returned(&both);
    assert_eq!(answer.get("state"), None);
    let (_, answer) = redeem(&page, answer["code"].as_str().unwrap(), &json!({})).await;
    let (_, claims) = read(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], "ada");
    assert_eq!(claims["aud"], page.issuer.audience());
}

#[tokio::test]
async fn a_code_is_bound_to_its_request_and_used_up_by_the_first_attempt() {
    let page = Page::with_api(json!({})).await;
    for (changes, error, why) in [
        (
            json!({ "code_verifier": VERIFIER.to_lowercase() }),
            "invalid_grant",
            "code_verifier",
        ),
        (
            json!({ "code_verifier": "short" }),
            "invalid_grant",
            "code_verifier",
        ),
        (
            json!({ "client_id": "other" }),
            "invalid_grant",
            "client_id",
        ),
        (
            json!({ "redirect_uri": format!("{REDIRECT}/") }),
            "invalid_grant",
            "redirect_uri",
        ),
        (json!({ "code": "guessed" }), "invalid_grant", "unknown"),
        (
            json!({ "code_verifier": null }),
            "invalid_request",
            "code_verifier",
        ),
        (
            json!({ "redirect_uri": null }),
            "invalid_request",
            "redirect_uri",
        ),
        (json!({ "code": null }), "invalid_request", "code"),
    ] {
        let code = code(&page, &json!({})).await;
        let (status, answer) = redeem(&page, &code, &changes).await;
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!(error)),
            "{changes}: {answer}"
        );
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.contains(why), "{changes}: {description}");
        // The attempt used it up, if it named this code.
        let is_used_up = error == "invalid_grant" && changes.get("code").is_none();
        let (status, _) = redeem(&page, &code, &json!({})).await;
        assert_eq!(status, if is_used_up { 400 } else { 200 }, "{changes}");
        let (status, answer) = redeem(&page, &code, &json!({})).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    }
}

#[tokio::test]
async fn a_proof_binds_the_token_of_a_user_and_a_wrong_one_does_not_use_the_code_up() {
    let page = Page::with_api(json!({})).await;
    let code = code(&page, &json!({})).await;
    let key = SigningKey::shared(Algorithm::ES256);
    let url = page.issuer.token_endpoint();
    let wrong = key.proof("GET", &url, "");
    let (status, answer) = redeem_with(&page, &code, &json!({}), Some(wrong)).await;
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("invalid_dpop_proof"))
    );
    let good = key.proof("POST", &url, "");
    let (status, answer) = redeem_with(&page, &code, &json!({}), Some(good)).await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("DPoP")));
    let claims = read(answer["access_token"].as_str().unwrap()).1;
    assert_eq!(claims["sub"], "ada");
    assert_eq!(claims["cnf"]["jkt"], key.thumbprint());
}

#[tokio::test]
async fn a_code_expires_after_a_minute() {
    let page = Page::with_api(json!({})).await;
    for (seconds, expected) in [(59, 200), (61, 400)] {
        let code = code(&page, &json!({})).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        let (status, answer) = redeem(&page, &code, &json!({})).await;
        assert_eq!(status, expected, "{answer}");
    }
}

#[tokio::test]
async fn an_invalid_request_returns_to_the_client() {
    let page = Page::with_api(json!({})).await;
    let scopes = json!({ "id": "reporter", "scopes": { API: ["read:messages"] } });
    page.put("clients", None, scopes).await;
    for (changes, error) in [
        (json!({ "code_challenge_method": null }), "invalid_request"),
        (
            json!({ "code_challenge_method": "plain" }),
            "invalid_request",
        ),
        (json!({ "code_challenge": null }), "invalid_request"),
        (
            json!({ "code_challenge": VERIFIER[1..] }),
            "invalid_request",
        ),
        (json!({ "response_type": null }), "invalid_request"),
        (
            json!({ "response_type": "token" }),
            "unsupported_response_type",
        ),
        (
            json!({ "client_id": "reporter", "scope": "write:messages" }),
            "invalid_scope",
        ),
        (
            json!({ "client_id": "reporter", "audience": "urn:other" }),
            "unauthorized_client",
        ),
    ] {
        let url = authorize(&page, &changes);
        for answer in [
            get(url.as_str()).await,
            submit(&page, url.clone(), &json!({ "subject": "ada" })).await,
        ] {
            let answer = returned(&answer);
            assert_eq!(answer["error"], error, "{changes}");
            assert_eq!(answer["state"], "a&b", "{changes}");
            assert_eq!(answer["iss"], page.issuer.issuer(), "{changes}");
            assert_eq!(answer.get("code"), None, "{changes}");
        }
    }
    let url = authorize(&page, &json!({}));
    let cancelled = submit(&page, url, &json!({ "subject": "ada", "decision": "deny" })).await;
    assert_eq!(returned(&cancelled)["error"], "access_denied");
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_is_not_on_this_machine() {
    let page = Page::with_api(json!({})).await;
    for (redirect_uri, status) in [
        ("http://localhost:3010/cb?a=b", 200),
        ("http://[::1]:3010/cb", 200),
        ("https://127.0.0.1:3010/cb", 400),
        ("http://evil.example/cb", 400),
        ("http://127.0.0.1.evil.example/cb", 400),
        ("http://127.0.0.1@evil.example/cb", 400),
        ("http://127.0.0.1:80@evil.example/cb", 400),
        ("http://evil.example\\@127.0.0.1/", 400),
        ("http://127.0.0.1/cb#fragment", 400),
        ("//127.0.0.1/cb", 400),
        ("javascript:alert(1)", 400),
        ("", 400),
    ] {
        let url = authorize(&page, &json!({ "redirect_uri": redirect_uri }));
        for answer in [
            get(url.as_str()).await,
            submit(&page, url.clone(), &json!({})).await,
        ] {
            assert!(answer.headers().get("location").is_none(), "{redirect_uri}");
        }
        assert_eq!(get(url.as_str()).await.status(), status, "{redirect_uri}");
    }
    for changes in [
        json!({ "redirect_uri": null }),
        json!({ "client_id": null }),
    ] {
        let answer = get(authorize(&page, &changes).as_str()).await;
        assert_eq!(answer.status(), 400, "{changes}");
    }
    let twice = format!(
        "{}&redirect_uri=http://localhost/",
        authorize(&page, &json!({}))
    );
    assert_eq!(get(&twice).await.status(), 400);
    // A query stays.
    let url = authorize(
        &page,
        &json!({ "redirect_uri": "http://localhost:3010/cb?a=b" }),
    );
    let answer = submit(&page, url, &json!({ "subject": "ada" })).await;
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with("http://localhost:3010/cb?a=b&code="),
        "{location}"
    );
}

#[tokio::test]
async fn pages_of_other_origins_cannot_log_anybody_in() {
    let page = Page::with_api(json!({})).await;
    let url = authorize(&page, &json!({}));
    for token in ["", "guessed"] {
        let form = json!({ "subject": "ada", "token": token });
        let answer = submit(&page, url.clone(), &form).await;
        assert_eq!(answer.status(), 403);
        assert!(answer.headers().get("location").is_none());
    }
    for (host, status) in [
        ("127.0.0.1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ] {
        let host = format!("{host}:{}", page.issuer.port());
        let request = client().get(url.clone()).header("host", &host);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{host}");
        let text = answer.text().await.unwrap();
        assert_eq!(text.contains(&page.token), status == 200, "{host}");
    }
    let answer = get(url.as_str()).await;
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    for part in [
        "default-src 'none'",
        "form-action 'self' http://127.0.0.1:3010;",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !policy.contains("script-src") && !policy.contains("unsafe"),
        "{policy}"
    );
    // The requested scope is text on the page, and nothing else.
    let html = get(authorize(&page, &json!({ "scope": "<b>{{users}}" })).as_str()).await;
    let html = html.text().await.unwrap();
    assert!(html.contains("&#60;b&#62;&#123;&#123;users}}"), "{html}");
}

#[tokio::test]
async fn the_discovery_document_says_so() {
    let page = Page::with_api(json!({})).await;
    let document: Value = get(&page.issuer.discovery_uri())
        .await
        .json()
        .await
        .unwrap();
    let endpoint = format!("{}authorize", page.issuer.issuer());
    assert_eq!(document["authorization_endpoint"], endpoint);
    for (member, value) in [
        ("grant_types_supported", "authorization_code"),
        ("grant_types_supported", "client_credentials"),
        ("response_types_supported", "code"),
        ("code_challenge_methods_supported", "S256"),
        ("token_endpoint_auth_methods_supported", "none"),
    ] {
        let values = document[member].as_array().unwrap();
        assert!(values.contains(&json!(value)), "{member}: {values:?}");
    }
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );

    // Without a dashboard, there is no login page.
    let plain = authz_testkit::DevIssuer::start().await;
    let document: Value = get(&plain.discovery_uri()).await.json().await.unwrap();
    assert_eq!(document.get("authorization_endpoint"), None);
    assert_eq!(
        get(&format!("{}authorize", plain.issuer())).await.status(),
        404
    );
    let form = [("grant_type", "authorization_code"), ("client_id", "docs")];
    let answer = client()
        .post(plain.token_endpoint())
        .form(&form)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn pages_of_this_machine_can_fetch_a_token() {
    let page = Page::with_api(json!({})).await;
    for (origin, is_allowed) in [
        ("http://127.0.0.1:3010", true),
        ("http://localhost:3010", true),
        ("http://[::1]:3010", true),
        ("https://localhost", true),
        ("http://evil.example", false),
        ("http://localhost.evil.example", false),
        ("http://evil.example:80@localhost", false),
        ("null", false),
    ] {
        let form = [("grant_type", "client_credentials"), ("client_id", "docs")];
        let preflight = client()
            .request(reqwest::Method::OPTIONS, page.issuer.token_endpoint())
            .header("access-control-request-method", "POST");
        for request in [
            preflight,
            client().post(page.issuer.token_endpoint()).form(&form),
            client().get(page.issuer.discovery_uri()),
        ] {
            let answer = request.header("origin", origin).send().await.unwrap();
            let allowed = answer.headers().get("access-control-allow-origin");
            let allowed = allowed.map(|it| it.to_str().unwrap());
            assert_eq!(allowed, is_allowed.then_some(origin), "{origin}");
            let succeeds = answer.status().is_success();
            assert!(succeeds || !is_allowed, "{origin}: {}", answer.status());
        }
    }
    // The login page itself is for nobody else.
    let request = client()
        .get(authorize(&page, &json!({})))
        .header("origin", "http://localhost:3010");
    let answer = request.send().await.unwrap();
    assert!(
        answer
            .headers()
            .get("access-control-allow-origin")
            .is_none()
    );
}
