//! What the log says about a refused request. In a file of its own: a subscriber of one thread sees
//! all events only where no other thread of the process comes first.

use std::{
    io,
    sync::{Arc, Mutex},
};

use authz_axum::{
    Authorized, Issuer, RequireExt as _, Scoped, any_valid_token, claim, path, required_scope,
    scope,
};
use authz_testkit::DevIssuer;
use axum::{Router, body::Body, routing::get};
use http::{Request, header::AUTHORIZATION};
use tower::ServiceExt as _;

required_scope!(ReadMessages = "read:messages");

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_refusal_says_which_request_and_which_client() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        });
    let _default = tracing::subscriber::set_default(subscriber.finish());
    let issuer = DevIssuer::start().await;
    let authorizer = adapter_tests::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .jwks_uri(issuer.jwks_uri()),
        )
        .build()
        .unwrap();
    let org = claim("org_id").equals(path("org"));
    let of_org = || get(|| async {}).route_layer(authorizer.require(org.clone()));
    let inner = Router::new()
        .route("/orgs/{org_id}", of_org())
        .route("/members/{org}", of_org())
        .nest("/twice/{org}", Router::new().route("/{org}", of_org()))
        .route(
            "/messages/{id}",
            get(|| async {}).route_layer(authorizer.require(scope("read:messages"))),
        )
        .route(
            "/optional/{id}",
            get(|_: Authorized| async {})
                .post(|_: Scoped<ReadMessages>| async {})
                .route_layer(authorizer.require(any_valid_token()).optional()),
        );
    let app = Router::new().nest("/api", inner).fallback_service(
        tower::ServiceBuilder::new()
            .layer(authorizer.require(any_valid_token()))
            .service(Router::new()),
    );
    let send = async |path: &str, token: &str| {
        log.0.lock().unwrap().clear();
        let request = Request::builder()
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        (answer.status().as_u16(), lines)
    };
    let token = issuer.token().claim("client_id", "app\n7").build();
    let expired = issuer
        .token()
        .claim("client_id", "app-8")
        .expires_in(-3600)
        .build();

    // The route that was matched, and not what stands in its place.
    let (status, line) = send("/api/messages/secret", &token).await;
    assert_eq!(status, 403);
    for part in [
        "method=\"GET\"",
        "route=\"/api/messages/{id}\"",
        "client_id=\"app\\n7\"",
        "sub=",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(
        !line.contains("secret") && !line.contains("path=") && !line.contains("actual="),
        "{line}"
    );

    let (status, line) = send("/api/messages/1", &expired).await;
    assert_eq!(status, 401);
    for part in [
        "reason=\"expired\"",
        "route=\"/api/messages/{id}\"",
        "client_id=\"app-8\"",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }

    // Without a route, the path.
    let (status, line) = send("/nothing/%1b[31m?code=secret", "bad").await;
    assert_eq!(status, 401);
    assert!(line.contains("path=\"/nothing/%1b[31m\""), "{line}");
    assert!(
        !line.contains("secret") && !line.contains("route=") && !line.contains("client_id="),
        "{line}"
    );

    // A parameter that the route calls by another name: nobody can ever meet the policy.
    let (status, lines) = send("/api/orgs/org_7", &token).await;
    assert_eq!(status, 403);
    let error = lines
        .lines()
        .find(|line| line.contains("ERROR"))
        .expect("an error");
    for part in [
        "path(\"org\")",
        "actual=org_id",
        "route=\"/api/orgs/{org_id}\"",
        "same name",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }

    // The same of a name that stands twice.
    let (status, lines) = send("/api/twice/a/b", &token).await;
    assert_eq!(status, 403);
    let error = lines.lines().find(|line| line.contains("ERROR"));
    assert!(error.is_some_and(|it| it.contains("twice")), "{lines}");

    // An extractor that refuses by itself says so as well.
    for (method, token, status) in [
        ("GET", None, 401),
        ("POST", None, 401),
        ("POST", Some(&token), 403),
    ] {
        log.0.lock().unwrap().clear();
        let mut request = Request::builder().method(method).uri("/api/optional/7");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = (app.clone().oneshot(request.body(Body::empty()).unwrap())).await;
        assert_eq!(answer.unwrap().status(), status);
        let line = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let wanted = format!("method=\"{method}\" route=\"/api/optional/{{id}}\"");
        assert!(line.contains(&wanted), "{wanted}: {line}");
    }

    // A malformed path is the client's mistake, not the route's.
    let (status, lines) = send("/api/members/%FF", &token).await;
    assert_eq!(status, 403);
    assert!(!lines.contains("ERROR"), "{lines}");
}
