//! A small service behind a table.

use std::sync::LazyLock;

use authz_core::{
    Algorithm, Authorizer, Issuer, RequestParts, RulePaths, RulesGuard, jwks::SharedSecret,
    policy::Predicates, rules::Rules,
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{Method, Request};

pub(crate) const SECRET: [u8; 32] = [7; 32];

pub(crate) fn guard(rules: &str) -> RulesGuard {
    let known = Predicates::new().with("yes", |_| true);
    let rules = Rules::from_toml_with(rules, &known).unwrap();
    static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(|| {
        crate::support::authorizer()
            .issuer(
                Issuer::new("https://issuer.example/")
                    .audience("https://api.example")
                    .algorithms([Algorithm::HS256])
                    .keys(SharedSecret::hs256(SECRET).unwrap()),
            )
            .build()
            .unwrap()
    });
    AUTHORIZER.guard_rules(rules)
}

pub(crate) fn token(scope: &str) -> TokenBuilder {
    let key = SigningKey::hmac(Algorithm::HS256, SECRET);
    TokenBuilder::new(&key)
        .issuer("https://issuer.example/")
        .audience("https://api.example")
        .scope(scope)
}

/// The status of the refusal, 200 with a caller, 204 without.
pub(crate) async fn status(
    guard: &RulesGuard,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> u16 {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(()).unwrap();
    match guard.admit(&RequestParts::from(&request)).resolve().await {
        Ok(Some(_)) => 200,
        Ok(None) => 204,
        Err(rejection) => rejection.status().as_u16(),
    }
}

const TABLE: &str = r#"
    [[rules]]
    path = "/"
    policy = "public"

    [[rules]]
    methods = ["GET"]
    path = "/messages"
    policy = 'scope("read")'

    [[rules]]
    methods = ["POST", "PUT"]
    path = "/messages"
    policy = 'scope("write")'

    [[rules]]
    path = "/messages/{id}/{*rest}"
    policy = 'scope("admin")'

    [[rules]]
    methods = ["GET"]
    path = "/messages/{id}"
    policy = 'scope("read") and custom("yes")'

    [[rules]]
    path = "/orgs/{org}/messages"
    policy = 'claim("org_id") == path("org")'

    [[rules]]
    methods = ["GET"]
    path = "/feed"
    policy = 'scope("read")'
    optional = true

    [[rules]]
    path = "/feed"
    policy = 'deny'
"#;

#[tokio::test]
async fn each_request_meets_its_rule() {
    let guard = guard(TABLE);
    let read = token("read").claim("org_id", "a b").build();
    let write = token("write").build();
    let admin = token("admin").build();
    for (method, path, token, expected) in [
        ("GET", "/", None, 204),
        ("DELETE", "/", None, 204),
        ("GET", "/", Some("bad"), 204),
        ("GET", "/messages", None, 401),
        ("GET", "/messages", Some("bad"), 401),
        ("GET", "/messages", Some(&read), 200),
        ("HEAD", "/messages", Some(&read), 200),
        ("GET", "/messages", Some(&write), 403),
        ("GET", "/messages/", Some(&read), 200),
        ("GET", "/messages/", Some(&write), 403),
        ("GET", "/messages?x=1", Some(&read), 200),
        ("POST", "/messages", Some(&write), 200),
        ("PUT", "/messages", Some(&write), 200),
        ("POST", "/messages", Some(&read), 403),
        // No rule for the path has the method.
        ("DELETE", "/messages", Some(&admin), 403),
        ("DELETE", "/messages", None, 401),
        ("OPTIONS", "/messages", None, 401),
        // The most specific pattern decides, and no other is tried.
        ("GET", "/messages/1", Some(&read), 200),
        ("GET", "/messages/1", Some(&admin), 403),
        ("DELETE", "/messages/1", Some(&admin), 403),
        ("DELETE", "/messages/1/2", Some(&admin), 200),
        ("GET", "/messages/1/2", Some(&read), 403),
        // The tenant.
        ("GET", "/orgs/a%20b/messages", Some(&read), 200),
        ("GET", "/orgs/a/messages", Some(&read), 403),
        ("GET", "/orgs/a%20b/messages", Some(&write), 403),
        // Optional, but not bad.
        ("GET", "/feed", None, 204),
        ("GET", "/feed", Some(&read), 200),
        ("GET", "/feed", Some(&write), 403),
        ("GET", "/feed", Some("bad"), 401),
        ("POST", "/feed", Some(&admin), 403),
        // Nothing is allowed that no rule is about.
        ("GET", "/nothing", Some(&admin), 403),
        ("GET", "/nothing", None, 401),
        ("GET", "/nothing", Some("bad"), 401),
        ("GET", "/Messages", Some(&read), 403),
    ] {
        let found = status(&guard, method, path, token.map(|it: &str| it)).await;
        assert_eq!(found, expected, "{method} {path}");
    }
}

/// The status of a preflight's answer, and `Allow`.
async fn preflight(guard: &RulesGuard, path: &str, token: Option<&str>) -> (u16, Option<String>) {
    let mut request = Request::builder()
        .method(Method::OPTIONS)
        .uri(path)
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(()).unwrap();
    match guard.admit(&RequestParts::from(&request)).resolve().await {
        Ok(caller) => (if caller.is_some() { 200 } else { 204 }, None),
        Err(answer) => {
            let answer = answer.into_response::<String>();
            let allow = answer.headers().get("allow");
            let allow = allow.map(|it| it.to_str().unwrap().to_owned());
            assert_eq!(allow.is_some(), answer.body().is_empty());
            (answer.status().as_u16(), allow)
        }
    }
}

#[tokio::test]
async fn a_preflight_is_a_request_like_any_other() {
    let guard = guard(TABLE);
    let admin = token("admin read").build();
    for (path, token, expected) in [
        ("/nothing", None, 401),
        ("/nothing", Some(&*admin), 403),
        ("/messages", None, 401),
        ("/messages", Some(&*admin), 403),
        ("/feed", None, 401),
        ("/feed", Some("bad"), 401),
        ("/", None, 204),
    ] {
        assert_eq!(
            preflight(&guard, path, token).await,
            (expected, None),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_preflight_is_answered_by_a_guard_that_is_asked_to() {
    let guard = guard(TABLE).answer_preflights(&[Method::GET, Method::POST]);
    let answered = (204, Some("GET, POST".to_owned()));
    for path in ["/nothing", "/messages", "/feed", "/"] {
        assert_eq!(preflight(&guard, path, None).await, answered, "{path}");
    }
    // No request but a preflight.
    assert_eq!(status(&guard, "OPTIONS", "/messages", None).await, 401);
}

/// As nested routers and rewrites leave it: the path that the client sent, and the one seen here.
#[tokio::test]
async fn both_paths_of_a_rewritten_request_must_be_allowed() {
    const RULES: &str = r#"
        [[rules]]
        path = "/admin"
        policy = 'scope("admin")'

        [[rules]]
        path = "/public/{*rest}"
        policy = "public"

        [[rules]]
        path = "/orgs/{org}"
        policy = 'claim("org_id") == path("org")'

        [[rules]]
        path = "/{*rest}"
        policy = 'any_valid_token'
    "#;
    let (any, admin) = (token("read").build(), token("admin").build());
    let acme = token("read").claim("org_id", "acme").build();
    for (original, current, token, expected) in [
        // [both, original, current]
        ("/de/admin", "/admin", Some(&any), [403, 200, 403]),
        ("/de/admin", "/admin", Some(&admin), [200, 200, 200]),
        ("/de/admin", "/admin", None, [401, 401, 401]),
        ("/admin", "/de/admin", Some(&any), [403, 403, 200]),
        ("/x/admin", "/admin", Some(&any), [403, 200, 403]),
        ("/api/admin", "/", Some(&any), [403, 200, 403]),
        ("/public/a", "/admin", Some(&any), [403, 204, 403]),
        ("/public/a", "/public/b", None, [204, 204, 204]),
        ("/public/a", "/de/x", Some(&any), [200, 204, 200]),
        ("/de/x", "/public/a", Some(&any), [200, 200, 204]),
        ("/public/a", "/de/x", None, [401, 204, 401]),
        ("/orgs/acme", "/orgs/other", Some(&acme), [403, 200, 403]),
        ("/orgs/acme", "/orgs/acme", Some(&acme), [200, 200, 200]),
    ] {
        for (paths, expected) in [RulePaths::Both, RulePaths::Original, RulePaths::Current]
            .into_iter()
            .zip(expected)
        {
            let guard = guard(RULES).paths(paths);
            let mut request = Request::builder().uri(current);
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let request = request.body(()).unwrap();
            let original = original.parse().unwrap();
            let parts = RequestParts::from(&request).with_original_uri(&original);
            let found = match guard.admit(&parts).resolve().await {
                Ok(Some(_)) => 200,
                Ok(None) => 204,
                Err(rejection) => rejection.status().as_u16(),
            };
            assert_eq!(found, expected, "{original} as {current}, {paths:?}");
        }
    }
}

#[tokio::test]
async fn json_says_the_same() {
    let rules = Rules::from_json(
        r#"{"rules": [{"methods": ["GET"], "path": "/a", "policy": "scope(\"read\")"}]}"#,
    );
    let guard = RulesGuard::new(guard(TABLE).authorizer().clone(), rules.unwrap());
    let read = token("read").build();
    assert_eq!(status(&guard, "GET", "/a", Some(&read)).await, 200);
    assert_eq!(status(&guard, "GET", "/messages", Some(&read)).await, 403);
}
