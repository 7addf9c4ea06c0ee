//! One authorizer and one policy serve all three frameworks.

use authz_core::{Authorized, Authorizer, Issuer, Policy, policy::issuer, scope};
use authz_testkit::DevIssuer;
use http::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use http_body_util::BodyExt as _;

type Answer = (StatusCode, HeaderMap, String);

async fn on_axum(authorizer: &Authorizer, policy: Policy, credentials: &str) -> Answer {
    use authz_axum::{Authorized, RequireExt as _};
    use axum::{Router, body::Body, routing::get};
    use tower::ServiceExt as _;

    let greet = get(|caller: Authorized| async move { hello(&caller) });
    let app = Router::new().route("/", greet.layer(authorizer.require(policy)));
    let request = http::Request::get("/").header(AUTHORIZATION, credentials);
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, text(&body))
}

async fn on_poem(authorizer: &Authorizer, policy: Policy, credentials: &str) -> Answer {
    use authz_poem::{Authorized, RequireExt as _};
    use poem::{Endpoint as _, EndpointExt as _, handler};

    #[handler]
    async fn greet(caller: Authorized) -> String {
        hello(&caller)
    }

    let app = greet.with(authorizer.require(policy));
    let request = poem::Request::builder().header(AUTHORIZATION, credentials);
    let (parts, body) = app.get_response(request.finish()).await.into_parts();
    (
        parts.status,
        parts.headers,
        body.into_string().await.unwrap(),
    )
}

async fn on_warp(authorizer: &Authorizer, policy: Policy, credentials: &str) -> Answer {
    use authz_warp::RequireExt as _;
    use warp::Filter as _;

    let app = authorizer
        .require(policy)
        .map(|caller: Authorized| hello(&caller))
        .recover(authz_warp::recover);
    let request = warp::test::request().header(AUTHORIZATION, credentials);
    let (parts, body) = request.reply(&app).await.into_parts();
    (parts.status, parts.headers, text(&body))
}

fn hello(caller: &Authorized) -> String {
    format!("hello {:?}", caller.subject())
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

/// The answer that all three give.
async fn on_all(authorizer: &Authorizer, policy: &Policy, credentials: &str) -> Answer {
    let mut answers = [
        on_axum(authorizer, policy.clone(), credentials).await,
        on_poem(authorizer, policy.clone(), credentials).await,
        on_warp(authorizer, policy.clone(), credentials).await,
    ];
    for (_, headers, _) in &mut answers {
        headers.remove("content-length");
    }
    let [axum, poem, warp] = answers;
    assert_eq!(axum, poem);
    assert_eq!(axum, warp);
    axum
}

#[tokio::test]
async fn serves_all_three_alike() {
    let issuer = DevIssuer::start().await;
    let authorizer = adapter_tests::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .jwks_uri(issuer.jwks_uri()),
        )
        .build()
        .unwrap();
    let policy = scope("read:messages").or(scope("admin"));

    for (credentials, expected) in [
        (issuer.token().scope("read:messages").build(), 200),
        (issuer.token().scope("admin").build(), 200),
        (issuer.token().build(), 403),
        ("forged".to_owned(), 401),
        ("two tokens".to_owned(), 400),
    ] {
        let credentials = format!("Bearer {credentials}");
        let (status, _, body) = on_all(&authorizer, &policy, &credentials).await;
        assert_eq!(status, expected, "{body}");
    }
    // One cache, one set of keys.
    assert_eq!(authorizer.cache_status().unwrap().tokens, 3);
    assert_eq!(issuer.requests().jwks, 1);
}

/// Both issuers' tokens are good. What they are good for depends on whose they are, whatever scopes
/// an issuer grants.
#[tokio::test]
async fn asks_each_issuer_for_what_its_policy_says() {
    let [ours, partner, stranger] = [
        DevIssuer::start().await,
        DevIssuer::start().await,
        DevIssuer::start().await,
    ];
    let trusted = |issuer: &DevIssuer| Issuer::new(issuer.issuer()).audience(issuer.audience());
    let authorizer = adapter_tests::authorizer()
        .issuer(trusted(&ours))
        .issuer(trusted(&partner))
        .build()
        .unwrap();
    let ours_alone = scope("admin") & issuer([ours.issuer()]);
    let shared = issuer([ours.issuer()]) | (issuer([partner.issuer()]) & scope("read:shared"));

    let token = |issuer: &DevIssuer, scope: &str| issuer.token().scope(scope).build();
    // The partner's token, which says that it is ours.
    let posing = partner.token().scope("admin").issuer(ours.issuer()).build();
    for (name, policy, token, status, scope) in [
        ("ours", &ours_alone, token(&ours, "admin"), 200, None),
        (
            "ours without the scope",
            &ours_alone,
            token(&ours, "other"),
            403,
            Some("admin"),
        ),
        (
            "the partner's with the same scope",
            &ours_alone,
            token(&partner, "admin"),
            403,
            None,
        ),
        ("the partner's as ours", &ours_alone, posing, 401, None),
        (
            "a stranger's",
            &ours_alone,
            token(&stranger, "admin"),
            401,
            None,
        ),
        ("ours, any scope", &shared, token(&ours, ""), 200, None),
        (
            "the partner's, shared",
            &shared,
            token(&partner, "read:shared"),
            200,
            None,
        ),
        (
            "the partner's, not shared",
            &shared,
            token(&partner, "admin"),
            403,
            Some("read:shared"),
        ),
    ] {
        let (got, headers, body) = on_all(&authorizer, policy, &format!("Bearer {token}")).await;
        assert_eq!(got, status, "{name}: {body}");
        let challenge = headers.get(WWW_AUTHENTICATE);
        let challenge = challenge
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default();
        let asked = challenge.split_once(", scope=\"");
        let asked = asked.and_then(|(_, rest)| rest.split('"').next());
        assert_eq!(asked, scope, "{name}: {challenge}");
    }
}
