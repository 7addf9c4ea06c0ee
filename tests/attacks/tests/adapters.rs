//! The table, run through every adapter: the answer is the core's to the last header field.

use attacks::{Attack, Attempt, Server, table};
use authz_core::{Authorizer, CryptoBackend, Policy, RequestParts};
use http::{Request, Response, StatusCode, header::WWW_AUTHENTICATE};
use http_body_util::BodyExt as _;

/// What a caller sees.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    challenges: Vec<String>,
    body: String,
}

const LET_IN: &str = "let in";

#[tokio::test]
async fn axum_answers_every_row_as_the_core_does() {
    every_row(async |authorizer, policy, request| {
        use authz_axum::RequireExt as _;
        use tower::ServiceExt as _;

        let app = axum::Router::new()
            .fallback(async || LET_IN)
            .layer(authorizer.require(policy.clone()));
        let request = request.map(|()| axum::body::Body::empty());
        let (parts, body) = app.oneshot(request).await.expect("infallible").into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        Response::from_parts(parts, body.to_vec())
    })
    .await;
}

#[tokio::test]
async fn warp_answers_every_row_as_the_core_does() {
    every_row(async |authorizer, policy, request| {
        use authz_warp::{Authorized, RequireExt as _};
        use tower::ServiceExt as _;
        use warp::Filter as _;

        // The service and not warp's own test request, in which a second header field of the same
        // name takes the place of the first.
        let app = authorizer
            .require(policy.clone())
            .map(|_: Authorized| LET_IN)
            .recover(authz_warp::recover);
        let request = request.map(|()| http_body_util::Empty::<&[u8]>::new());
        let answered = warp::service(app).oneshot(request).await;
        let (parts, body) = answered.expect("infallible").into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        Response::from_parts(parts, body.to_vec())
    })
    .await;
}

#[tokio::test]
async fn poem_answers_every_row_as_the_core_does() {
    every_row(async |authorizer, policy, request| {
        use authz_poem::RequireExt as _;
        use poem::{Endpoint as _, EndpointExt as _};

        let app = poem::endpoint::make_sync(|_| LET_IN).with(authorizer.require(policy.clone()));
        let mut test = poem::Request::builder()
            .method(request.method().clone())
            .uri(request.uri().clone())
            .finish();
        *test.headers_mut() = request.headers().clone();
        let (parts, body) = app.get_response(test).await.into_parts();
        let body = body.into_vec().await.expect("a body in memory");
        let mut response = Response::new(body);
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        response
    })
    .await;
}

/// Sends every row, and the good token that goes with it, through `app`.
async fn every_row(app: impl AsyncFn(&Authorizer, &Policy, Request<()>) -> Response<Vec<u8>>) {
    let mut wrong = Vec::new();
    for row in table::rows() {
        let attempt = row.attempt();
        let server = Server::new(&attempt, CryptoBackend::AwsLcRs);
        let answer = seen(app(&server.authorizer, &attempt.policy, attempt.request()).await);
        let fresh = Server::new(&attempt, CryptoBackend::AwsLcRs);
        let expected = expected(&fresh.authorizer, &row, &attempt).await;
        if answer != expected {
            wrong.push(format!("{}: {answer:?} instead of {expected:?}", row.name));
        }
        let control = Attempt::token(&attempt.control).request();
        let control = seen(app(&server.authorizer, &attempt.policy, control).await);
        if (control.status, control.body.as_str()) != (StatusCode::OK, LET_IN) {
            wrong.push(format!("{}: the control is answered {control:?}", row.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The answer that the core's decision stands for, once it is the one that the row asks for.
async fn expected(authorizer: &Authorizer, row: &Attack, attempt: &Attempt) -> Answer {
    let request = attempt.request();
    let parts = RequestParts::from(&request);
    match authorizer.authorize(&parts, &attempt.policy).await {
        Ok(_) => Answer {
            status: StatusCode::OK,
            challenges: Vec::new(),
            body: LET_IN.to_owned(),
        },
        Err(rejection) => {
            let response: Response<String> = rejection.into_response();
            assert_eq!(response.status(), row.outcome.status(), "{}", row.name);
            seen(response.map(String::into_bytes))
        }
    }
}

fn seen(response: Response<Vec<u8>>) -> Answer {
    let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let text = |value: &http::HeaderValue| value.to_str().expect("visible ASCII").to_owned();
    Answer {
        status: response.status(),
        challenges: challenges.map(text).collect(),
        body: String::from_utf8(response.into_body()).expect("UTF-8"),
    }
}
