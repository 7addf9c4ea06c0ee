//! A request that is decided at once costs no future of its own: the layer's one allocation is the
//! entry in the request's extensions.

use std::{
    convert::Infallible,
    future::{Future as _, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use authz_axum::{Issuer, RequireExt as _, any_valid_token};
use authz_testkit::DevIssuer;
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

#[tokio::test]
async fn a_decision_at_hand_allocates_no_future() {
    let issuer = DevIssuer::start().await;
    let authorizer = adapter_tests::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .jwks_uri(issuer.jwks_uri()),
        )
        .build()
        .unwrap();
    let layer = authorizer.require(any_valid_token()).optional();
    let mut service = layer.layer(service_fn(handler));
    let token = format!("Bearer {}", issuer.token().build());
    // The first request waits for the keys, and leaves the token in the cache.
    let first = service
        .ready()
        .await
        .unwrap()
        .call(request(Some(&token)))
        .await;
    assert_eq!(first.unwrap().status(), StatusCode::OK);

    for credentials in [Some(&*token), None] {
        let request = request(credentials);
        let allocations = measure(|| {
            let mut answer = pin!(service.call(request));
            let polled = answer
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok(response)) = polled else {
                panic!("not decided at once");
            };
            assert_eq!(response.status(), StatusCode::OK);
        });
        assert_eq!(allocations.count_total, 1, "{credentials:?}");
    }
}

fn handler(_: Request<()>) -> Ready<Result<Response<String>, Infallible>> {
    ready(Ok(Response::new(String::new())))
}

/// As axum hands it on: with something in the extensions.
fn request(credentials: Option<&str>) -> Request<()> {
    let request = Request::builder().extension(7_u8);
    match credentials {
        Some(credentials) => request.header(AUTHORIZATION, credentials),
        None => request,
    }
    .body(())
    .unwrap()
}
