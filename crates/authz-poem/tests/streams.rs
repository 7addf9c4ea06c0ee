//! A response that ends with its caller's token.

use std::time::{Duration, SystemTime};

use authz_poem::{Authorized, Issuer, RequireExt as _, Revocations, any_valid_token};
use authz_testkit::DevIssuer;
use futures_util::{Stream, stream};
use poem::{Body, Endpoint as _, EndpointExt as _, Request, handler};
use tokio::time::{Instant, sleep};

/// A tick each second, without an end.
fn ticks() -> impl Stream<Item = Result<&'static str, std::io::Error>> + Send {
    stream::unfold((), |()| async {
        sleep(Duration::from_secs(1)).await;
        Some((Ok("tick\n"), ()))
    })
}

#[handler]
fn live(caller: Authorized) -> Body {
    Body::from_bytes_stream(caller.into_inner().while_valid(ticks()))
}

#[tokio::test]
async fn a_body_ends_within_a_second_of_the_revocation() {
    let issuer = DevIssuer::start().await;
    let revocations = Revocations::new();
    let authorizer = adapter_tests::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .jwks_uri(issuer.jwks_uri()),
        )
        .revocations(revocations.clone())
        .build()
        .unwrap();
    let app = live.with(authorizer.require(any_valid_token()));
    authorizer.ready().await;
    let token = issuer.token().claim("jti", "a").build();
    let request = || {
        let request = Request::builder().header("authorization", format!("Bearer {token}"));
        request.finish()
    };

    tokio::time::pause();
    let start = Instant::now();
    let response = app.get_response(request()).await;
    assert_eq!(response.status(), 200);
    let iss = issuer.issuer().to_owned();
    tokio::spawn(async move {
        sleep(Duration::from_millis(5500)).await;
        let until = SystemTime::now() + Duration::from_secs(24 * 3600);
        revocations.deny_token(&iss, "a", until).unwrap();
    });
    let body = response.into_body().into_bytes().await;
    let ticks = body.unwrap().len() / "tick\n".len();
    assert!((4..=6).contains(&ticks), "{ticks}");
    assert!(
        start.elapsed() <= Duration::from_millis(6550),
        "{:?}",
        start.elapsed()
    );
    let refused = app.get_response(request()).await;
    assert_eq!(refused.status(), 401);
}
