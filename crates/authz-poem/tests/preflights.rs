//! CORS preflights, at each place where the middleware may stand.

use authz_poem::{Authorizer, Issuer, RequireExt as _, any_valid_token, scope};
use authz_testkit::DevIssuer;
use poem::{
    Endpoint, EndpointExt as _, Request, Response, Route, get, handler,
    http::{Method, Uri, header::AUTHORIZATION},
    middleware::Cors,
};

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

#[handler]
fn reached() -> &'static str {
    "reached"
}

fn request(method: Method, path: &str, token: Option<&str>) -> Request {
    let uri: Uri = path.parse().unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.finish()
}

fn preflight(path: &str) -> Request {
    let mut request = request(Method::OPTIONS, path, None);
    let headers = request.headers_mut();
    headers.insert("origin", ORIGIN.parse().unwrap());
    headers.insert("access-control-request-method", "GET".parse().unwrap());
    request
}

async fn send(app: &impl Endpoint, request: Request) -> Response {
    app.get_response(request).await
}

#[tokio::test]
async fn a_preflight_is_refused_like_any_request_without_a_token() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let guard = || authorizer.require(any_valid_token());
    let app = Route::new()
        .at("/any", reached.with(guard()))
        .nest("/nested", Route::new().at("/x", reached).with(guard()))
        .with(authorizer.require(any_valid_token()));
    for path in ["/any", "/nested/x", "/nothing"] {
        assert_eq!(send(&app, preflight(path)).await.status(), 401, "{path}");
        let mut without_origin = preflight(path);
        without_origin.headers_mut().remove("origin");
        assert_eq!(send(&app, without_origin).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn cors_outside_of_the_guard_answers_it() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let cors = Cors::new()
        .allow_origin(ORIGIN)
        .allow_method(Method::GET)
        .expose_header("www-authenticate");
    let app = Route::new()
        .at(
            "/read",
            get(reached).with(authorizer.require(scope("read:messages"))),
        )
        .with(cors);
    let answer = send(&app, preflight("/read")).await;
    assert!(answer.status().is_success());
    assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN);
    let weak = issuer.token().build();
    for (token, status) in [(None, 401), (Some(&*weak), 403)] {
        let mut refused = request(Method::GET, "/read", token);
        refused
            .headers_mut()
            .insert("origin", ORIGIN.parse().unwrap());
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
    let app = Route::new().at("/x", reached).with(guard);
    let answer = send(&app, preflight("/x")).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
    assert!(answer.into_body().into_vec().await.unwrap().is_empty());
    let options = request(Method::OPTIONS, "/x", None);
    assert_eq!(send(&app, options).await.status(), 401);
}
