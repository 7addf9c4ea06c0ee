//! Pages of other origins can neither read nor change anything.

use authz_testkit::Registry;
use reqwest::Method;
use serde_json::json;

use super::Page;

#[tokio::test]
async fn a_name_that_was_made_to_resolve_to_this_machine_is_refused() {
    let page = Page::open(Registry::in_memory()).await;
    let port = page.issuer.port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LOCALHOST:{port}"), 200),
        (format!("evil.example:{port}"), 403),
        (format!("localhost.evil.example:{port}"), 403),
        (format!("127.0.0.1.evil.example:{port}"), 403),
        (format!("evil.example:{port}:127.0.0.1"), 403),
        (String::new(), 403),
    ] {
        for url in [
            page.issuer.issuer().to_owned(),
            page.url("state"),
            page.url("events"),
        ] {
            let answer = page.client.get(&url).header("host", &host).send().await;
            assert_eq!(answer.unwrap().status(), status, "{host} {url}");
        }
    }
}

#[tokio::test]
async fn a_change_needs_the_token_of_the_page() {
    let page = Page::open(Registry::in_memory()).await;
    let change = json!({ "previous": null, "entry": { "identifier": "urn:a" } });
    for token in [None, Some(""), Some("guessed")] {
        for (method, path) in [
            (Method::PUT, "apis"),
            (Method::DELETE, "apis"),
            (Method::POST, "token"),
            (Method::POST, "call"),
            (Method::POST, "trouble"),
        ] {
            let mut request = page.client.request(method, page.url(path)).json(&change);
            if let Some(token) = token {
                request = request.header("authz-token", token);
            }
            assert_eq!(
                request.send().await.unwrap().status(),
                403,
                "{path} {token:?}"
            );
        }
    }
    assert_eq!(page.state().await["apis"], json!([]));
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() {
    let page = Page::open(Registry::in_memory()).await;
    let get = async |path: &str| page.client.get(path).send().await.unwrap();
    let answer = get(page.issuer.issuer()).await;
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = answer.text().await.unwrap();
    let script = get(&page.url("page/main.js")).await;
    assert_eq!(
        script.headers()["content-type"],
        "text/javascript; charset=utf-8"
    );
    let style = get(&page.url("page/style.css")).await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    for text in [
        html,
        script.text().await.unwrap(),
        style.text().await.unwrap(),
    ] {
        assert!(!text.contains("https://") || text.contains("https://quickstart.example"));
        assert!(!text.contains("innerHTML"));
    }
    for path in ["page/../mod.rs", "page/none.js", "page/", "none"] {
        assert_eq!(get(&page.url(path)).await.status(), 404, "{path}");
    }
    // The issuer itself goes on as before.
    assert_eq!(get(&page.issuer.jwks_uri()).await.status(), 200);
    assert_eq!(get(&page.issuer.discovery_uri()).await.status(), 200);
}
