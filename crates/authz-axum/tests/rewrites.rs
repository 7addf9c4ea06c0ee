//! Rules for requests whose path is rewritten on the way to the layer.
#![cfg(feature = "rules")]

use authz_axum::{Authorizer, Issuer, RulePaths, RulesExt as _, rules::Rules};
use authz_testkit::DevIssuer;
use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use http::{Method, header::AUTHORIZATION};
use tower::ServiceExt as _;

async fn issuer_and_authorizer() -> (DevIssuer, Authorizer) {
    let issuer = DevIssuer::start().await;
    let authorizer = adapter_tests::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .jwks_uri(issuer.jwks_uri()),
        )
        .build()
        .unwrap();
    (issuer, authorizer)
}

fn request(method: Method, path: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::empty()).unwrap()
}

async fn send(app: &Router, request: Request<Body>) -> Response {
    app.clone().oneshot(request).await.unwrap()
}

const RULES: &str = r#"
    [[rules]]
    path = "/admin"
    policy = 'scope("admin")'

    [[rules]]
    path = "/{*rest}"
    policy = 'any_valid_token'
"#;

/// `/de/admin` is served as `/admin`, between the outer router and the inner one.
#[tokio::test]
async fn a_rewritten_request_must_be_allowed_by_both_of_its_paths() {
    async fn without_language(mut request: Request, next: Next) -> Response {
        if let Some(rest) = request.uri().path().strip_prefix("/de") {
            *request.uri_mut() = rest.parse().unwrap();
        }
        next.run(request).await
    }

    let (issuer, authorizer) = issuer_and_authorizer().await;
    let any_token = issuer.token().build();
    let admin = issuer.token().scope("admin").build();
    for (paths, expected) in [
        (RulePaths::Both, [403, 200, 403]),
        (RulePaths::Current, [403, 200, 403]),
        // What was asked for: the application says that nothing rewrites its paths.
        (RulePaths::Original, [200, 200, 403]),
    ] {
        let rules = Rules::from_toml(RULES).unwrap();
        let inner = Router::new()
            .route("/admin", get(|| async {}))
            .layer(authorizer.rules(rules).rule_paths(paths));
        // A layer of the inner router runs behind its routing: the rewrite goes around it.
        let app = Router::new().fallback_service(
            tower::ServiceBuilder::new()
                .layer(middleware::from_fn(without_language))
                .service(inner),
        );
        for (token, path, status) in [
            (&any_token, "/de/admin", expected[0]),
            (&admin, "/de/admin", expected[1]),
            (&any_token, "/admin", expected[2]),
        ] {
            let answer = send(&app, request(Method::GET, path, Some(token))).await;
            assert_eq!(answer.status(), status, "{path}, {paths:?}");
        }
    }
}

/// Rules for whole paths, within a nested router: `RulePaths::Original` says so.
#[tokio::test]
async fn rules_within_a_nested_router_are_for_whole_paths_where_that_is_said() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let token = issuer.token().build();
    let rules = r#"
        [[rules]]
        path = "/api/messages"
        policy = 'any_valid_token'
    "#;
    for (paths, status) in [
        (RulePaths::Both, 403),
        (RulePaths::Original, 200),
        (RulePaths::Current, 403),
    ] {
        let guard = authorizer.rules(Rules::from_toml(rules).unwrap());
        let inner = Router::new()
            .route("/messages", get(|| async {}))
            .layer(guard.rule_paths(paths));
        let app = Router::new().nest("/api", inner);
        let answer = send(&app, request(Method::GET, "/api/messages", Some(&token))).await;
        assert_eq!(answer.status(), status, "{paths:?}");
    }
}
