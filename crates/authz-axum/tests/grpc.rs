//! Which requests count as gRPC calls, and the responses to those that are refused. What a gRPC client makes of them
//! is in the tests of `tests/grpc`.

use authz_axum::{
    Authorizer, AuthorizerBuilder, Issuer, Reason, RequireExt as _, scope, without_body,
};
use authz_testkit::DevIssuer;
use axum::{Router, body::Body, routing::post};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

fn trusting(issuer: &DevIssuer) -> AuthorizerBuilder {
    let issuer = Issuer::new(issuer.issuer())
        .audience("aud")
        .jwks_uri(issuer.jwks_uri());
    adapter_tests::authorizer().issuer(issuer)
}

fn call(content_type: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::post("/").header("content-type", content_type);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Body::empty()).unwrap()
}

/// Both ways to answer: the default one, and the one for bodies that can't be made from a `String`.
async fn responses(
    authorizer: &Authorizer,
    content_type: &str,
    token: Option<&str>,
) -> [Response<Body>; 2] {
    let layer = authorizer.require(scope("read:messages"));
    let router = || Router::new().route("/", post(|| async {}));
    let default = router().layer(layer.clone());
    let bodiless = router().layer(layer.respond_with(without_body));
    let mut responses = Vec::new();
    for router in [default, bodiless] {
        responses.push(router.oneshot(call(content_type, token)).await.unwrap());
    }
    responses.try_into().unwrap()
}

#[tokio::test]
async fn a_call_is_known_by_its_content_type() {
    let authorizer = trusting(&DevIssuer::start().await).build().unwrap();
    for (content_type, is_grpc) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("application/grpc+json", true),
        ("application/grpc;charset=utf-8", true),
        ("application/grpc+proto ; charset=utf-8", true),
        ("Application/GRPC+Proto", true),
        // Clients of gRPC-Web look at the HTTP status.
        ("application/grpc-web", false),
        ("application/grpc-web+proto", false),
        ("application/grpc-web-text", false),
        ("application/grpcx", false),
        ("application/grp", false),
        ("application/json; q=application/grpc", false),
        ("", false),
    ] {
        for response in responses(&authorizer, content_type, None).await {
            let status = if is_grpc { 200 } else { 401 };
            assert_eq!(response.status(), status, "{content_type}");
            let grpc_status = response.headers().get("grpc-status");
            assert_eq!(grpc_status.is_some(), is_grpc, "{content_type}");
        }
    }
}

#[tokio::test]
async fn a_refused_call_gets_trailers_only() {
    let issuer = DevIssuer::start().await;
    let authorizer = trusting(&issuer).build().unwrap();
    let lenient = trusting(&issuer).unmet_policy_is_unauthorized();
    let lenient = lenient.build().unwrap();
    let good = issuer.token().audience("aud").build();
    let challenge = |more: &str| Some(format!(r#"Bearer realm="aud"{more}"#));
    let needs = "the access token does not grant what this request needs";
    let insufficient = format!(
        r#", error="insufficient_scope", error_description="{needs}", scope="read:messages""#
    );
    for (authorizer, token, reason, status, challenge) in [
        (
            &authorizer,
            None,
            Reason::MissingToken,
            "16",
            challenge(r#", scope="read:messages""#),
        ),
        (
            &authorizer,
            Some(""),
            Reason::MalformedCredentials,
            "16",
            None,
        ),
        (
            &authorizer,
            Some("a.b.c"),
            Reason::MalformedToken,
            "16",
            None,
        ),
        (
            &authorizer,
            Some(&*good),
            Reason::InsufficientScope,
            "7",
            challenge(&insufficient),
        ),
        (
            &lenient,
            Some(&*good),
            Reason::InsufficientScope,
            "16",
            challenge(&insufficient),
        ),
    ] {
        for response in responses(authorizer, "application/grpc", token).await {
            assert_eq!(response.extensions().get(), Some(&reason));
            assert_eq!(response.status(), 200, "{reason}");
            let headers = response.headers();
            assert_eq!(headers["content-type"], "application/grpc", "{reason}");
            assert_eq!(headers["cache-control"], "no-store", "{reason}");
            assert_eq!(headers["grpc-status"], status, "{reason}");
            assert_eq!(headers["grpc-message"], reason.description(), "{reason}");
            let sent = headers["www-authenticate"].to_str().unwrap();
            assert!(sent.starts_with(r#"Bearer realm="aud""#), "{sent}");
            if let Some(challenge) = challenge.as_deref() {
                assert_eq!(sent, challenge, "{reason}");
            }
            let body = response.into_body().collect().await.unwrap();
            assert!(body.to_bytes().is_empty(), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_no_call_whatever_its_content_type() {
    let authorizer = trusting(&DevIssuer::start().await).build().unwrap();
    let layer = authorizer.require(scope("read:messages"));
    let layer = layer.answer_preflights(&[Method::POST]);
    let router = Router::new().route("/", post(|| async {}));
    for router in [
        router.clone().layer(layer.clone()),
        router.layer(layer.respond_with(without_body)),
    ] {
        let request = Request::options("/")
            .header("content-type", "application/grpc")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()["allow"], "POST");
        assert_eq!(response.headers().get("grpc-status"), None);
    }
}
