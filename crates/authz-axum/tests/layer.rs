//! What is axum's and tower's own: where the layer may stand, and how it treats the inner service.
//! What is decided about a request is in the table that all adapters share.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use authz_axum::{
    Admitted, Authorized, Authorizer, Claims, Issuer, RequireExt as _, any_valid_token, scope,
};
use authz_testkit::DevIssuer;
use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use http::{Method, Request, Response, StatusCode, header::AUTHORIZATION};
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _};

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

async fn status(app: &Router, method: Method, path: &str, token: Option<&str>) -> u16 {
    let response = app.clone().oneshot(request(method, path, token)).await;
    response.unwrap().status().as_u16()
}

#[tokio::test]
async fn stands_on_a_method_a_route_or_a_router() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let reader = authorizer.require(scope("read:messages"));
    let writer = authorizer.require(scope("write:messages"));
    let messages = get(|| async {})
        .layer(reader)
        .merge(post(|| async {}).layer(writer));
    let app = Router::new()
        .route("/messages", messages)
        .route("/public", get(|| async {}))
        .merge(
            Router::new()
                .route("/routes", get(|| async {}))
                .route_layer(authorizer.require(any_valid_token())),
        )
        .nest(
            "/nested",
            Router::new()
                .route("/deep", get(|| async {}))
                .layer(authorizer.require(any_valid_token())),
        );

    let token = issuer.token().scope("read:messages").build();
    let token = Some(&*token);
    for (method, path, token, expected) in [
        (Method::GET, "/public", None, 200),
        (Method::GET, "/messages", None, 401),
        (Method::GET, "/messages", token, 200),
        (Method::HEAD, "/messages", None, 401),
        (Method::HEAD, "/messages", token, 200),
        (Method::POST, "/messages", None, 401),
        (Method::POST, "/messages", token, 403),
        (Method::GET, "/routes", None, 401),
        (Method::GET, "/routes", token, 200),
        (Method::GET, "/nested/deep", None, 401),
        (Method::GET, "/nested/deep", token, 200),
        (Method::GET, "/nowhere", None, 404),
    ] {
        let case = format!("{method} {path}, token: {}", token.is_some());
        assert_eq!(status(&app, method, path, token).await, expected, "{case}");
    }
}

#[tokio::test]
async fn covers_paths_that_nobody_serves_where_axum_has_it() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let token = issuer.token().build();
    let app = || Router::new().route("/", get(|| async {}));
    let layer = authorizer.require(any_valid_token());
    for (app, without, with) in [
        (app().layer(layer.clone()), 401, 404),
        (app().route_layer(layer.clone()), 404, 404),
        // A router that is merged brings its answer to them along, a nested one doesn't.
        (Router::new().merge(app().layer(layer.clone())), 401, 404),
        (Router::new().nest("/nested", app().layer(layer)), 404, 404),
    ] {
        assert_eq!(status(&app, Method::GET, "/nowhere", None).await, without);
        assert_eq!(
            status(&app, Method::GET, "/nowhere", Some(&token)).await,
            with
        );
    }
}

#[tokio::test]
async fn layers_add_up() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = Router::new()
        .route("/", get(|| async {}).layer(authorizer.require(scope("b"))))
        .layer(authorizer.require(scope("a")));
    for (scopes, expected) in [("a", 403), ("b", 403), ("a b", 200)] {
        let token = issuer.token().scope(scopes).build();
        let status = status(&app, Method::GET, "/", Some(&token)).await;
        assert_eq!(status, expected, "{scopes}");
    }
}

/// Says in its answer whether it was polled ready before the call, and serves bodies that are no
/// axum bodies. A clone is not ready, as tower has it.
struct CountsReadiness {
    ready: bool,
}

impl Clone for CountsReadiness {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl Service<Request<u8>> for CountsReadiness {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<u8>) -> Self::Future {
        assert!(self.ready, "called without having been ready");
        self.ready = false;
        let admitted: &Admitted = request.extensions().get().unwrap();
        let caller = admitted.caller().and_then(|it| it.subject());
        ready(Ok(Response::new(format!("{caller:?}"))))
    }
}

#[tokio::test]
async fn calls_the_service_that_was_ready_whether_it_waits_for_keys_or_not() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let mut service = authorizer
        .require(any_valid_token())
        .layer(CountsReadiness { ready: false });
    let token = issuer.token().subject("ann").build();
    let unknown = issuer.rotate();
    let rotated = issuer.token().subject("bob").key(&unknown).build();

    // The first one finds no keys yet, the last one not its own.
    for (token, expected) in [
        (&token, Some("ann")),
        (&token, Some("ann")),
        (&rotated, Some("bob")),
    ] {
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(7)
            .unwrap();
        let answer = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(answer.into_body(), format!("{expected:?}"));
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_inner_service_ready() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let mut service = ServiceBuilder::new()
        .layer(authorizer.require(any_valid_token()))
        .concurrency_limit(1)
        .service(CountsReadiness { ready: false });
    for token in ["forged".to_owned(), issuer.token().build()]
        .iter()
        .cycle()
        .take(4)
    {
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(7)
            .unwrap();
        let answer = service.ready().await.unwrap().call(request).await.unwrap();
        let expected = if token == "forged" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::OK
        };
        assert_eq!(answer.status(), expected);
    }
}

#[tokio::test]
async fn claims_of_another_type_are_a_forgotten_layer() {
    #[derive(serde::Deserialize)]
    struct Mine {}
    async fn handler(_: Authorized<Mine>) {}

    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = Router::new()
        .route("/", get(handler))
        .layer(authorizer.require(any_valid_token()));
    let token = issuer.token().build();
    assert_eq!(status(&app, Method::GET, "/", Some(&token)).await, 500);
}

/// What an application may want to send to another task, or keep.
#[test]
fn types_are_as_free_as_they_can_be() {
    fn free<T: Clone + Send + Sync + 'static>() {}
    free::<authz_axum::AuthorizationLayer>();
    free::<authz_axum::AuthorizationService<Router>>();
    free::<Authorized<Claims>>();
    free::<Admitted<Claims>>();
}
