//! The layer around services that are not axum's: another server, and bodies of other types.

use std::convert::Infallible;

use authz_axum::{
    Admitted, Authorizer, Issuer, Reason, Rejection, RequireExt as _, any_valid_token, scope,
    without_body,
};
use authz_testkit::DevIssuer;
use bytes::Bytes;
use http::{
    Request, Response,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE},
    request::Parts,
};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};

async fn issuer_and_authorizer() -> (DevIssuer, Authorizer) {
    let issuer = DevIssuer::start().await;
    let trusted = Issuer::new(issuer.issuer())
        .audience(issuer.audience())
        .jwks_uri(issuer.jwks_uri());
    (
        issuer,
        adapter_tests::authorizer().issuer(trusted).build().unwrap(),
    )
}

fn request<B>(token: Option<&str>, body: B) -> Request<B> {
    let mut request = Request::builder().uri("/messages");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(body).unwrap()
}

fn caller<B>(request: &Request<B>) -> String {
    let admitted: &Admitted = request.extensions().get().unwrap();
    let caller = admitted.caller().unwrap();
    caller.subject().unwrap().to_owned()
}

#[tokio::test]
async fn a_function_is_a_service() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let service = ServiceBuilder::new()
        .layer(authorizer.require(scope("read:messages")))
        .service(service_fn(async |request: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(caller(&request))))
        }));

    let token = issuer.token().subject("ann").scope("read:messages").build();
    let request_with = |token| request(token, Full::default());
    let response = service.clone().oneshot(request_with(Some(&token))).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "ann");

    let response = service.oneshot(request_with(None)).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(br#"{"error":"unauthorized""#), "{body:?}");
}

#[tokio::test]
async fn hyper_serves_it() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, Infallible>(Response::new(caller(&request)))
    });
    let service = authorizer.require(any_valid_token()).layer(service);
    let service = TowerToHyperService::new(service);
    let (client, server) = tokio::io::duplex(64 * 1024);
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
    tokio::spawn(connection);
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client))
        .await
        .unwrap();
    tokio::spawn(connection);

    let token = issuer.token().subject("ann").build();
    for (token, status, start) in [
        (None, 401, r#"{"error":"unauthorized""#),
        (Some(&*token), 200, "ann"),
    ] {
        let request = request(token, Empty::<Bytes>::new());
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), status);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(start.as_bytes()), "{body:?}");
    }
}

/// A body that no `String` becomes.
#[derive(Debug, Default, PartialEq)]
enum Page {
    #[default]
    Nothing,
    Messages {
        of: String,
    },
    Refusal {
        reason: Reason,
        path: String,
    },
}

async fn page(request: Request<u8>) -> Result<Response<Page>, Infallible> {
    Ok(Response::new(Page::Messages {
        of: caller(&request),
    }))
}

fn refusal(rejection: Rejection, request: &Parts) -> Response<Page> {
    let page = Page::Refusal {
        reason: rejection.reason(),
        path: request.uri.path().to_owned(),
    };
    let (mut parts, _) = rejection.into_response::<String>().into_parts();
    // The layer adds its own.
    parts.extensions.clear();
    Response::from_parts(parts, page)
}

#[tokio::test]
async fn a_function_answers_with_a_body_of_its_own() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let layer = authorizer
        .require(scope("read:messages"))
        .respond_with(refusal);
    let service = layer.layer(service_fn(page));

    let reader = issuer.token().subject("ann").scope("read:messages").build();
    let writer = issuer.token().scope("write:messages").build();
    let refused = |reason| Page::Refusal {
        reason,
        path: "/messages".to_owned(),
    };
    // The first token waits for the keys, so that its refusal comes late.
    for (token, status, expected) in [
        (&writer, 403, refused(Reason::InsufficientScope)),
        (&writer, 403, refused(Reason::InsufficientScope)),
        (&"x".to_owned(), 401, refused(Reason::OpaqueToken)),
        (
            &reader,
            200,
            Page::Messages {
                of: "ann".to_owned(),
            },
        ),
    ] {
        let response = service.clone().oneshot(request(Some(token), 7)).await;
        let response = response.unwrap();
        assert_eq!(response.status(), status);
        let reason: Option<&Reason> = response.extensions().get();
        if let Page::Refusal {
            reason: expected, ..
        } = &expected
        {
            assert_eq!(reason, Some(expected));
        } else {
            assert_eq!(reason, None);
        }
        assert_eq!(response.into_body(), expected);
    }
}

#[tokio::test]
async fn a_refusal_needs_no_body() {
    let (_issuer, authorizer) = issuer_and_authorizer().await;
    let layer = authorizer
        .require(scope("read:messages"))
        .respond_with(without_body);
    let response = layer
        .layer(service_fn(page))
        .oneshot(request(None, 7))
        .await;
    let response = response.unwrap();
    assert_eq!(response.status(), 401);
    let challenge = &response.headers()[WWW_AUTHENTICATE];
    assert!(challenge.to_str().unwrap().contains("read:messages"));
    assert_eq!(response.headers().get(CONTENT_TYPE), None);
    assert_eq!(response.headers().get(CONTENT_LENGTH), None);
    let reason: Option<&Reason> = response.extensions().get();
    assert_eq!(reason, Some(&Reason::MissingToken));
    assert_eq!(response.into_body(), Page::Nothing);
}
