//! What is poem's own: where the middleware may stand, and what becomes of its error.
//! What is decided about a request is in the table that all adapters share.

use std::sync::{Arc, Mutex};

use authz_poem::{
    Admitted, AuthorizationError, Authorized, Authorizer, Claims, FromData, Issuer,
    MaybeAuthorized, Reason, RequireExt as _, any_valid_token, claim, path, scope,
};
use authz_testkit::DevIssuer;
use poem::{
    Endpoint, EndpointExt as _, Request, Response, Route,
    error::{NotFoundError, ResponseError as _},
    get, handler,
    http::{Method, StatusCode, header::AUTHORIZATION},
    web::Data,
};

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

fn request(method: Method, path: &str, token: Option<&str>) -> Request {
    let request = Request::builder().method(method).uri_str(path);
    match token {
        Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
    .finish()
}

async fn status(app: &impl Endpoint, method: Method, path: &str, token: Option<&str>) -> u16 {
    let response = app.get_response(request(method, path, token)).await;
    response.status().as_u16()
}

#[handler]
fn nothing() {}

#[tokio::test]
async fn stands_on_a_handler_a_route_or_a_router() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let reader = || authorizer.require(scope("read:messages"));
    let writer = || authorizer.require(scope("write:messages"));
    let app = Route::new()
        .at("/public", get(nothing))
        .at(
            "/handlers",
            get(nothing.with(reader())).post(nothing.with(writer())),
        )
        .at("/route", get(nothing).with(reader()))
        .nest(
            "/router",
            Route::new().at("/deep", get(nothing)).with(reader()),
        );

    let token = issuer.token().scope("read:messages").build();
    let token = Some(&*token);
    for (method, path, token, expected) in [
        (Method::GET, "/public", None, 200),
        (Method::GET, "/handlers", None, 401),
        (Method::GET, "/handlers", token, 200),
        (Method::HEAD, "/handlers", None, 401),
        (Method::HEAD, "/handlers", token, 200),
        (Method::POST, "/handlers", None, 401),
        (Method::POST, "/handlers", token, 403),
        (Method::PUT, "/handlers", None, 405),
        (Method::GET, "/route", None, 401),
        (Method::GET, "/route", token, 200),
        (Method::HEAD, "/route", None, 401),
        (Method::HEAD, "/route", token, 200),
        (Method::POST, "/route", None, 401),
        (Method::POST, "/route", token, 405),
        (Method::GET, "/router/deep", None, 401),
        (Method::GET, "/router/deep", token, 200),
        (Method::GET, "/router/nowhere", None, 401),
        (Method::GET, "/router/nowhere", token, 404),
        (Method::GET, "/nowhere", None, 404),
    ] {
        let case = format!("{method} {path}, token: {}", token.is_some());
        assert_eq!(status(&app, method, path, token).await, expected, "{case}");
    }
}

#[tokio::test]
async fn middlewares_add_up() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = nothing
        .with(authorizer.require(scope("b")))
        .with(authorizer.require(scope("a")));
    for (scopes, expected) in [("a", 403), ("b", 403), ("a b", 200)] {
        let token = issuer.token().scope(scopes).build();
        let status = status(&app, Method::GET, "/", Some(&token)).await;
        assert_eq!(status, expected, "{scopes}");
    }
}

#[tokio::test]
async fn refusals_are_errors_that_can_be_caught_and_told_apart() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let app = Route::new()
        .at("/", get(nothing).with(authorizer.require(scope("a"))))
        .catch_error({
            let seen = Arc::clone(&seen);
            move |error: AuthorizationError| {
                if let AuthorizationError::Refused(rejection) = &error {
                    seen.lock().unwrap().push(rejection.reason());
                }
                async move { error.as_response() }
            }
        })
        .catch_error(|_: NotFoundError| async {
            Response::builder().status(StatusCode::IM_A_TEAPOT).finish()
        });

    let token = issuer.token().build();
    for (path, token, expected) in [
        ("/", None, 401),
        ("/", Some(&*token), 403),
        ("/nowhere", None, 418),
    ] {
        assert_eq!(status(&app, Method::GET, path, token).await, expected);
    }
    let expected = [Reason::MissingToken, Reason::InsufficientScope];
    assert_eq!(*seen.lock().unwrap(), expected);

    let error = nothing
        .with(authorizer.require(any_valid_token()))
        .call(request(Method::GET, "/", None))
        .await
        .unwrap_err();
    assert!(error.is::<AuthorizationError>());
    assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
    assert!(error.into_response().header("www-authenticate").is_some());
}

#[tokio::test]
async fn what_is_forgotten_is_500_and_claims_of_another_type_are_forgotten() {
    #[derive(serde::Deserialize)]
    struct Mine {}
    #[handler]
    async fn mine(_: Authorized<Mine>) {}
    #[handler]
    async fn maybe_mine(_: MaybeAuthorized<Mine>) {}
    #[handler]
    async fn mine_from_data(_: FromData<MaybeAuthorized<Mine>>) {}

    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = Route::new()
        .at("/required", get(mine))
        .at("/optional", get(maybe_mine))
        .at("/data", get(mine_from_data))
        .with(authorizer.require(any_valid_token()))
        .data(authorizer);
    let token = issuer.token().build();
    for path in ["/required", "/optional", "/data"] {
        assert_eq!(
            status(&app, Method::GET, path, Some(&token)).await,
            500,
            "{path}"
        );
    }
}

#[handler]
fn subject(Data(admitted): Data<&Admitted>) -> String {
    format!("{:?}", admitted.caller().and_then(|it| it.subject()))
}

#[tokio::test]
async fn the_caller_is_in_the_data() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = subject.with(authorizer.require(any_valid_token()));
    let token = issuer.token().subject("ann").build();
    let response = app
        .get_response(request(Method::GET, "/", Some(&token)))
        .await;
    let body = response.into_body().into_string().await.unwrap();
    assert_eq!(body, r#"Some("ann")"#);
}

/// A router that stands within another one at the same path.
#[tokio::test]
async fn a_path_parameter_that_stands_twice_is_none() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let member = || authorizer.require(claim("org_id").equals(path("org")));
    let inner = Route::new()
        .at("/:tenant/once/:org", get(nothing).with(member()))
        .at("/:org/twice", get(nothing).with(member()));
    let app = Route::new().at("/:org/*rest", inner.with(member()));
    let once = Route::new().at("/:tenant/:org", get(nothing).with(member()));
    let token = issuer.token().claim("org_id", "a").build();
    let token = Some(&*token);
    assert_eq!(status(&app, Method::GET, "/a/once/b", token).await, 403);
    assert_eq!(status(&app, Method::GET, "/a/twice", token).await, 403);
    assert_eq!(status(&once, Method::GET, "/b/a", token).await, 200);
    assert_eq!(status(&once, Method::GET, "/a/b", token).await, 403);
}

/// What an application may want to send to another task, or keep.
#[test]
fn types_are_as_free_as_they_can_be() {
    fn free<T: Clone + Send + Sync + 'static>() {}
    free::<authz_poem::AuthorizationMiddleware>();
    free::<Authorized<Claims>>();
    free::<MaybeAuthorized<Claims>>();
    free::<AuthorizationError>();
}

#[handler]
#[allow(clippy::needless_pass_by_value)] // extractors are handed over by value
fn delete(caller: Authorized) -> Result<&'static str, AuthorizationError> {
    caller.check(&scope("delete:messages"))?;
    Ok("deleted")
}

#[tokio::test]
async fn a_handlers_own_refusal_carries_its_reason_too() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = Route::new().at(
        "/messages",
        get(delete).with(authorizer.require(any_valid_token())),
    );
    let token = issuer.token().build();
    let response = app
        .get_response(request(Method::GET, "/messages", Some(&token)))
        .await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        response.extensions().get::<Reason>(),
        Some(&Reason::InsufficientScope)
    );
}
