//! What is warp's own: how refusals fare among other routes' rejections.
//! What is decided about a request is in the table that all adapters share.

use authz_testkit::DevIssuer;
use authz_warp::{
    AuthorizationRejection, Authorized, Authorizer, Claims, Issuer, RequireExt as _,
    any_valid_token, get_or_head, scope,
};
use warp::{
    Filter, Rejection, Reply,
    filters::BoxedFilter,
    http::{Method, StatusCode},
    reply::Response,
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

fn request(method: &Method, path: &str, token: Option<&str>) -> warp::test::RequestBuilder {
    let request = warp::test::request().method(method.as_str()).path(path);
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}

async fn status<F>(app: &F, method: &Method, path: &str, token: Option<&str>) -> u16
where
    F: Filter<Error = Rejection> + 'static,
    F::Extract: Reply + Send,
{
    let response = request(method, path, token).reply(app).await;
    response.status().as_u16()
}

type Route = BoxedFilter<(Response,)>;

fn read(authorizer: &Authorizer) -> Route {
    warp::path!("messages")
        .and(get_or_head())
        .and(authorizer.require(scope("read")))
        .map(|_: Authorized| "read".into_response())
        .boxed()
}

fn write(authorizer: &Authorizer) -> Route {
    warp::path!("messages")
        .and(warp::post())
        .and(authorizer.require(scope("write")))
        .and(warp::body::content_length_limit(8))
        .and(warp::body::bytes())
        .map(|_: Authorized, _| "written".into_response())
        .boxed()
}

fn public() -> Route {
    warp::path!("public")
        .map(|| "public".into_response())
        .boxed()
}

/// Rejects with 400 what reaches it.
fn demanding() -> Route {
    warp::header::<u8>("x-number")
        .map(|_| "demanding".into_response())
        .boxed()
}

#[tokio::test]
async fn a_refusal_wins_over_the_rejections_of_other_routes_in_any_order() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let [read, write] = [read(&authorizer), write(&authorizer)];
    let token = issuer.token().scope("read").build();
    for (name, routes) in [
        (
            "first",
            read.clone()
                .or(write.clone())
                .unify()
                .or(public())
                .unify()
                .or(demanding()),
        ),
        (
            "in between",
            public()
                .or(read.clone())
                .unify()
                .or(demanding())
                .unify()
                .or(write.clone()),
        ),
        (
            "last",
            demanding().or(public()).unify().or(write).unify().or(read),
        ),
    ] {
        let app = routes.recover(authz_warp::recover);
        for (method, path, token, expected) in [
            (Method::GET, "/messages", None, 401),
            (Method::GET, "/messages", Some(&*token), 200),
            (Method::HEAD, "/messages", None, 401),
            (Method::HEAD, "/messages", Some(&*token), 200),
            (Method::POST, "/messages", None, 401),
            (Method::POST, "/messages", Some(&*token), 403),
            (Method::GET, "/public", None, 200),
            // What is none of ours is answered as warp does: 400, since one route got that far.
            (Method::PUT, "/messages", None, 400),
            (Method::GET, "/nowhere", None, 400),
        ] {
            let answered = status(&app, &method, path, token).await;
            let token = token.is_some();
            assert_eq!(
                answered, expected,
                "{name}: {method} {path}, token: {token}"
            );
        }
    }
}

#[tokio::test]
async fn other_rejections_are_left_alone() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = read(&authorizer)
        .or(write(&authorizer))
        .recover(authz_warp::recover);
    let token = issuer.token().scope("write").build();
    for (method, path, expected) in [
        (Method::GET, "/nowhere", 404),
        (Method::PUT, "/messages", 405),
        // No body: the length is missing, which comes after authorization.
        (Method::POST, "/messages", 411),
    ] {
        let answered = status(&app, &method, path, Some(&token)).await;
        assert_eq!(answered, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn the_body_is_looked_at_only_for_those_who_may_send_it() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = write(&authorizer).recover(authz_warp::recover);
    let token = issuer.token().scope("write").build();
    for (token, expected) in [(None, 401), (Some(&*token), 413)] {
        let answer = request(&Method::POST, "/messages", token)
            .body("far more than eight bytes")
            .reply(&app)
            .await;
        assert_eq!(answer.status(), expected);
    }
}

#[tokio::test]
async fn goes_together_with_the_applications_own_recovery() {
    async fn not_found(rejection: Rejection) -> Result<impl Reply, Rejection> {
        if rejection.is_not_found() {
            return Ok(StatusCode::IM_A_TEAPOT);
        }
        Err(rejection)
    }
    async fn both(rejection: Rejection) -> Result<Response, Rejection> {
        match rejection.find::<AuthorizationRejection>() {
            Some(refused) => Ok(refused.clone().into_response()),
            None => Ok(not_found(rejection).await?.into_response()),
        }
    }

    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let routes = || read(&authorizer);
    let chained = routes()
        .recover(authz_warp::recover)
        .recover(not_found)
        .map(Reply::into_response)
        .boxed();
    let reversed = routes()
        .recover(not_found)
        .recover(authz_warp::recover)
        .map(Reply::into_response)
        .boxed();
    for app in [chained, reversed, routes().recover(both).unify().boxed()] {
        assert_eq!(status(&app, &Method::GET, "/messages", None).await, 401);
        assert_eq!(status(&app, &Method::GET, "/nowhere", None).await, 418);
        assert_eq!(status(&app, &Method::PUT, "/messages", None).await, 405);
    }
}

#[tokio::test]
async fn a_route_for_everything_comes_behind_the_recovery() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let everything = warp::any().map(|| "the page".into_response()).boxed();
    let protected = read(&authorizer).recover(authz_warp::recover).unify();
    let app = protected.or(everything);
    assert_eq!(status(&app, &Method::GET, "/messages", None).await, 401);
    assert_eq!(status(&app, &Method::GET, "/elsewhere", None).await, 200);
}

#[tokio::test]
async fn a_forgotten_recovery_is_never_access() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let answer = request(&Method::GET, "/messages", Some("not-a-token"))
        .reply(&read(&authorizer))
        .await;
    assert_eq!(answer.status(), 500);
    let body = String::from_utf8_lossy(answer.body());
    assert!(!body.contains("not-a-token"), "{body}");
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_cors_layer_and_by_no_route() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let preflight = |path| {
        request(&Method::OPTIONS, path, None)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "GET")
    };
    // Neither has a filter for the method: the preflight reaches the guard.
    let protected = warp::path!("messages")
        .and(authorizer.require(any_valid_token()))
        .map(|_: Authorized| "private");
    let optional = warp::path!("optional")
        .and(authorizer.optional(any_valid_token()))
        .map(|_: Option<Authorized>| "for all");
    let routes = protected.or(optional);
    let cors = warp::cors()
        .allow_origin("https://app.example")
        .allow_method(Method::GET)
        .expose_header("www-authenticate");

    let alone = routes.clone().recover(authz_warp::recover);
    assert_eq!(preflight("/messages").reply(&alone).await.status(), 401);
    let bad = preflight("/optional").header("authorization", "Bearer bad");
    assert_eq!(bad.reply(&alone).await.status(), 401);

    let first = authz_warp::answer_preflights(&[Method::GET, Method::HEAD]);
    let answered = first.or(routes.clone()).recover(authz_warp::recover);
    let answer = preflight("/messages").reply(&answered).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
    let other = request(&Method::OPTIONS, "/messages", None);
    assert_eq!(other.reply(&answered).await.status(), 401);
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        let other = request(&method, "/nowhere", None);
        let status = other.reply(&answered).await.status();
        assert_eq!(status, 404, "{method}");
    }

    let with_cors = routes.recover(authz_warp::recover).with(cors);
    let answer = preflight("/messages").reply(&with_cors).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "https://app.example"
    );
    // What is refused can be read by the page.
    let refused = request(&Method::GET, "/messages", None).header("origin", "https://app.example");
    let refused = refused.reply(&with_cors).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.headers()["access-control-allow-origin"],
        "https://app.example"
    );
    assert_eq!(
        refused.headers()["access-control-expose-headers"],
        "www-authenticate"
    );
}

/// The decision is handed over in a slot of the thread: it has to be the request's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_wait_at_the_same_time_keep_their_callers() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = warp::any()
        .and(authorizer.optional(any_valid_token()))
        .map(|caller: Option<Authorized>| {
            let subject = caller.as_ref().and_then(|it| it.subject());
            format!("{subject:?}")
        })
        .recover(authz_warp::recover)
        .map(Reply::into_response)
        .boxed();
    let held = issuer.hold();
    let waiting: Vec<_> = (0..8)
        .map(|i| {
            let subject = format!("user {i}");
            let token = issuer.token().subject(&subject).build();
            let app = app.clone();
            let call = async move { request(&Method::GET, "/", Some(&token)).reply(&app).await };
            (subject, tokio::spawn(call))
        })
        .collect();
    issuer.jwks_requested(1).await;
    let anonymous = request(&Method::GET, "/", None).reply(&app).await;
    assert_eq!(anonymous.body(), "None");
    held.release();
    for (subject, answer) in waiting {
        let expected = format!("{:?}", Some(subject));
        assert_eq!(*answer.await.unwrap().body(), expected);
    }
}

/// What an application may want to send to another task, or keep, without borrowing.
#[test]
fn types_are_as_free_as_they_can_be() {
    fn free<T: Clone + Send + Sync + 'static>(_: T) {}
    fn filters(authorizer: &Authorizer) -> (impl Clone, impl Clone) {
        let required = authorizer.require(any_valid_token());
        let optional = authorizer.optional(any_valid_token());
        free(required.clone());
        free(optional.clone());
        (required, optional)
    }
    let _ = filters;
    let _ = free::<Option<Authorized<Claims>>>;
}

/// `warp::path::full` panics for such a target: hyper accepts it with every method.
#[tokio::test]
async fn a_target_without_a_path_is_rejected_like_any_other() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let app = authorizer
        .require(any_valid_token())
        .map(|_: Authorized| "reached")
        .recover(authz_warp::recover);
    let token = issuer.token().build();
    for method in [Method::CONNECT, Method::GET] {
        assert_eq!(status(&app, &method, "api.example:443", None).await, 401);
        let status = status(&app, &method, "api.example:443", Some(&token)).await;
        assert_eq!(status, 200);
    }
}
