//! A response that ends with its caller's token.

use std::time::{Duration, SystemTime};

use authz_testkit::DevIssuer;
use authz_warp::{Authorized, Issuer, RequireExt as _, Revocations, any_valid_token};
use futures_util::{Stream, stream};
use tokio::time::{Instant, sleep};
use warp::{Filter as _, sse::Event};

/// A tick each second, without an end.
fn ticks() -> impl Stream<Item = Result<Event, std::io::Error>> + Send + Sync {
    stream::unfold((), |()| async {
        sleep(Duration::from_secs(1)).await;
        Some((Ok(Event::default().data("tick")), ()))
    })
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
    let app = warp::path!("live")
        .and(authorizer.require(any_valid_token()))
        .map(|caller: Authorized| warp::sse::reply(caller.while_valid(ticks())))
        .recover(authz_warp::recover);
    authorizer.ready().await;
    let token = issuer.token().claim("jti", "a").build();
    let request = || {
        let request = warp::test::request().path("/live");
        request.header("authorization", format!("Bearer {token}"))
    };

    tokio::time::pause();
    let start = Instant::now();
    let iss = issuer.issuer().to_owned();
    tokio::spawn(async move {
        sleep(Duration::from_millis(5500)).await;
        let until = SystemTime::now() + Duration::from_secs(24 * 3600);
        revocations.deny_token(&iss, "a", until).unwrap();
    });
    let response = request().reply(&app).await;
    assert_eq!(response.status(), 200);
    let ticks = response.body().len() / "data:tick\n\n".len();
    assert!((4..=6).contains(&ticks), "{ticks}");
    assert!(
        start.elapsed() <= Duration::from_millis(6550),
        "{:?}",
        start.elapsed()
    );
    let refused = request().reply(&app).await;
    assert_eq!(refused.status(), 401);
}
