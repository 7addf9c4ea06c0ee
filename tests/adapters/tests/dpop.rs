//! DPoP through every adapter: a request with two guards uses its proof once, and a nonce that ages is
//! replaced by the response.

use std::time::{Duration, UNIX_EPOCH};

use authz_core::{
    Algorithm, Authorizer, Dpop, DpopProofs, Issuer, ManualClock, NonceKey, any_valid_token,
    jwks::StaticKeys, rules::Rules, scope,
};
use authz_testkit::{SigningKey, TokenBuilder};
use http::{HeaderMap, Request, StatusCode, header::AUTHORIZATION};
use serde_json::json;
use tower::ServiceExt as _;

const NOW: u64 = 1_900_000_000;

type Answer = (StatusCode, HeaderMap);

#[tokio::test]
async fn axum() {
    use authz_axum::{Authorized, RequireExt as _};

    every_request(async |authorizer, request| {
        let read = authorizer.require(scope("read"));
        let handler = axum::routing::get(async |_: Authorized| "ok").route_layer(read);
        let inner = axum::Router::new().route("/messages", handler);
        let app = axum::Router::new()
            .nest("/api", inner)
            .layer(authorizer.require(any_valid_token()));
        let answer = app.oneshot(request.map(|()| axum::body::Body::empty()));
        let (parts, _) = answer.await.expect("infallible").into_parts();
        (parts.status, parts.headers)
    })
    .await;
}

#[tokio::test]
async fn warp() {
    use authz_warp::{Authorized, DpopService, RequireExt as _, RulesExt as _};
    use warp::Filter as _;

    every_request(async |authorizer, request| {
        let rules = Rules::from_toml(
            "[[rules]]\npath = \"/api/messages\"\nmethods = [\"GET\"]\npolicy = 'any_valid_token'",
        );
        let app = authorizer
            .rules(rules.expect("rules"))
            .and(warp::path!("api" / "messages"))
            .and(authorizer.require(scope("read")))
            .map(|_: Authorized| "ok")
            .recover(authz_warp::recover);
        let request = request.map(|()| http_body_util::Empty::<&[u8]>::new());
        let answer = DpopService::new(warp::service(app)).oneshot(request);
        let (parts, _) = answer.await.expect("infallible").into_parts();
        (parts.status, parts.headers)
    })
    .await;
}

#[tokio::test]
async fn poem() {
    use authz_poem::RequireExt as _;
    use poem::{Endpoint as _, EndpointExt as _};

    every_request(async |authorizer, request| {
        let handler = poem::endpoint::make_sync(|_| "ok");
        // Without a nested route: a request that is made in the process has no original target.
        let read = handler.with(authorizer.require(scope("read")));
        let app = poem::Route::new()
            .at("/api/messages", read)
            .with(authorizer.require(any_valid_token()));
        let mut test = poem::Request::builder()
            .method(request.method().clone())
            .uri(request.uri().clone())
            .finish();
        *test.headers_mut() = request.headers().clone();
        let (parts, _) = app.get_response(test).await.into_parts();
        (parts.status, parts.headers)
    })
    .await;
}

async fn every_request(app: impl AsyncFn(&Authorizer, Request<()>) -> Answer) {
    let issuer = SigningKey::shared(Algorithm::ES256);
    let client = SigningKey::generate(Algorithm::ES256);
    let keys = json!({ "keys": [issuer.public_jwk()] }).to_string();
    let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(NOW));
    let proofs = DpopProofs::for_public_url("https://api.example");
    let authorizer = Authorizer::builder()
        .issuer(
            Issuer::new("https://issuer.example/")
                .audience("https://api.example")
                .algorithms([Algorithm::ES256])
                .keys(StaticKeys::from_jwks(keys.as_bytes()).expect("keys"))
                .dpop(Dpop::Accepted),
        )
        .clock(clock.clone())
        .dpop_proofs(proofs.nonces(NonceKey::from_bytes([7; 32])))
        .build()
        .expect("settings");
    let token = TokenBuilder::new(&issuer)
        .now(NOW)
        .scope("read")
        .bound_to(&client)
        .build();
    let get = async |nonce: &str, jti: &str| {
        let proof = client
            .proof("GET", "https://api.example/api/messages", &token)
            .claim("nonce", nonce)
            .claim("jti", jti);
        let request = Request::get("/api/messages?page=2")
            .header(AUTHORIZATION, format!("DPoP {token}"))
            .header("dpop", proof.build())
            .body(())
            .expect("a request");
        let (status, headers) = app(&authorizer, request).await;
        let new = headers
            .get("dpop-nonce")
            .map(|it| it.to_str().expect("text").to_owned());
        if new.is_some() {
            assert_eq!(headers["cache-control"], "no-store");
        }
        (status.as_u16(), new)
    };
    let (status, nonce) = get("", "1").await;
    assert_eq!(status, 401);
    let nonce = nonce.expect("a nonce");
    assert_eq!(get(&nonce, "2").await, (200, None));
    // Seen before, though it is signed anew.
    assert_eq!(get(&nonce, "2").await, (401, None));
    assert_eq!(get(&nonce, "3").await, (200, None));
    clock.advance(Duration::from_secs(60));
    let (status, next) = get(&nonce, "4").await;
    assert_eq!(status, 200);
    assert_eq!(get(&next.expect("a newer nonce"), "5").await, (200, None));
}
