//! CORS preflights, at each place where the layer may stand.

use authz_axum::{Authorizer, Issuer, RequireExt as _, any_valid_token, scope};
use authz_testkit::DevIssuer;
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::Response,
    routing::{any, get, post},
};
use http::{HeaderName, HeaderValue, Method, header::AUTHORIZATION};
use tower::ServiceExt as _;
use tower_http::cors::CorsLayer;

const ORIGIN: &str = "https://app.example";

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

fn preflight(path: &str) -> Request<Body> {
    let mut request = request(Method::OPTIONS, path, None);
    let headers = request.headers_mut();
    headers.insert("origin", HeaderValue::from_static(ORIGIN));
    headers.insert(
        "access-control-request-method",
        HeaderValue::from_static("GET"),
    );
    request
}

async fn send(app: &Router, request: Request<Body>) -> Response {
    app.clone().oneshot(request).await.unwrap()
}

/// Every route takes every method: what reaches it has passed the guard.
fn routes(authorizer: &Authorizer) -> Router {
    let guard = || authorizer.require(any_valid_token());
    Router::new()
        .route("/any", any(|| async { "reached" }).layer(guard()))
        .nest_service(
            "/nested",
            tower::ServiceBuilder::new()
                .layer(guard())
                .service(Router::new().fallback(|| async { "reached" })),
        )
        .fallback(|| async { "reached" })
        .layer(guard())
}

#[tokio::test]
async fn a_preflight_is_refused_like_any_request_without_a_token() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let app = routes(&authorizer);
    for path in ["/any", "/nested/x", "/nothing"] {
        assert_eq!(send(&app, preflight(path)).await.status(), 401, "{path}");
        let mut without_origin = preflight(path);
        without_origin.headers_mut().remove("origin");
        assert_eq!(send(&app, without_origin).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn a_cors_layer_outside_of_the_guard_answers_it() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let www_authenticate = HeaderName::from_static("www-authenticate");
    let cors = CorsLayer::new()
        .allow_origin([HeaderValue::from_static(ORIGIN)])
        .allow_methods([Method::GET])
        .allow_headers([AUTHORIZATION])
        .expose_headers([www_authenticate]);
    let app = Router::new()
        .route(
            "/read",
            get(|| async {}).route_layer(authorizer.require(scope("read:messages"))),
        )
        .fallback(|| async { "reached" })
        .layer(authorizer.require(any_valid_token()))
        .layer(cors);
    for path in ["/read", "/nothing"] {
        let answer = send(&app, preflight(path)).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN);
    }
    let weak = issuer.token().build();
    for (token, status) in [(None, 401), (Some(&*weak), 403)] {
        let mut refused = request(Method::GET, "/read", token);
        refused
            .headers_mut()
            .insert("origin", HeaderValue::from_static(ORIGIN));
        let answer = send(&app, refused).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN);
        assert_eq!(
            answer.headers()["access-control-expose-headers"],
            "www-authenticate"
        );
    }
}

#[tokio::test]
async fn a_guard_that_is_asked_to_answers_it_and_calls_nothing() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let guard = authorizer
        .require(any_valid_token())
        .answer_preflights(&[Method::GET, Method::HEAD]);
    let app = Router::new().fallback(|| async { "reached" }).layer(guard);
    let answer = send(&app, preflight("/x")).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
    let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    assert!(body.is_empty());
    let options = request(Method::OPTIONS, "/x", None);
    assert_eq!(send(&app, options).await.status(), 401);
}

#[tokio::test]
async fn methods_with_scopes_of_their_own_leave_other_methods_to_the_router() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let read = authorizer.require(scope("read:messages"));
    let write = authorizer.require(scope("write:messages"));
    let messages = get(|| async {})
        .route_layer(read)
        .merge(post(|| async {}).route_layer(write));
    let app = Router::new().route("/messages", messages);
    let token = issuer.token().scope("read:messages").build();
    for (method, status) in [
        (Method::GET, 200),
        (Method::POST, 403),
        (Method::PUT, 405),
        (Method::OPTIONS, 405),
    ] {
        let answer = send(&app, request(method.clone(), "/messages", Some(&token))).await;
        assert_eq!(answer.status(), status, "{method}");
    }
}
