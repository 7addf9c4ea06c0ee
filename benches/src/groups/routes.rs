//! A route in process, bare and protected, warm (point 3).
//!
//! As a server goes about it: the service cloned for each request, as hyper's adapter for tower does,
//! the tutorial's message answered as JSON, the body read to its end. Each request is made anew
//! within what is timed, as one off the wire is; `request` says what that takes.

use std::{fmt, sync::Arc};

use authz_core::{Algorithm, scope};
use axum::body::Body as AxumBody;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Empty};
use serde::Serialize;
use tower::{Service, ServiceExt as _};
use warp::Filter as _;

use crate::{
    Case, Group,
    fixture::{AnyClaims, SCOPE, Signed, at_once, request},
};

const CACHE: usize = 32 << 20;

/// What the tutorial's private endpoint answers.
#[derive(Serialize)]
struct Hello {
    message: &'static str,
}

const HELLO: Hello = Hello {
    message: "Hello from a private endpoint! You need to be authenticated and have a scope of \
              read:messages to see this.",
};

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::new("route/axum", axum),
        Group::new("route/warp", warp),
        Group::new("route/poem", poem),
    ]
}

fn axum() -> Vec<Case> {
    use authz_axum::RequireExt as _;
    use axum::{Extension, Router, routing::get};

    let signed = Signed::new(Algorithm::RS256);
    let layer = signed.authorizer::<AnyClaims>(CACHE).require(scope(SCOPE));
    let bare = Router::new().route("/api/private", get(axum_hello));
    let protected = Router::new().route("/api/private", get(axum_hello).layer(layer));
    // What any layer that hands a value to the handler takes.
    let extension = get(axum_hello).layer(Extension(Arc::new(())));
    let extension = Router::new().route("/api/private", extension);
    let template = request(&signed.token);
    let made = template.clone();
    vec![
        axum_calls("bare", bare, template.clone()),
        Case::new("request", move || made.clone().map(|()| AxumBody::empty())),
        axum_calls("extension-layer", extension, template.clone()),
        axum_calls("protected", protected, template),
    ]
}

/// The tutorial's handler.
pub async fn axum_hello() -> impl axum::response::IntoResponse {
    axum::Json(HELLO)
}

/// Calls `app` with one copy of `template` after the other.
pub fn axum_calls(name: &str, app: axum::Router, template: Request<()>) -> Case {
    calls(name, app, move || {
        template.clone().map(|()| AxumBody::empty())
    })
}

fn warp() -> Vec<Case> {
    use authz_warp::{Authorized, RequireExt as _};

    let signed = Signed::new(Algorithm::RS256);
    let authorizer = signed.authorizer::<AnyClaims>(CACHE);
    let path = || warp::path!("api" / "private").and(warp::get());
    let bare = path().map(|| warp::reply::json(&HELLO));
    let protected = path()
        .and(authorizer.require(scope(SCOPE)))
        .map(|_: Authorized| warp::reply::json(&HELLO));
    let make = move || {
        let template = request(&signed.token);
        move || template.clone().map(|()| Empty::<Bytes>::new())
    };
    vec![
        calls("bare", warp::service(bare), make()),
        Case::new("request", make()),
        calls("protected", warp::service(protected), make()),
    ]
}

fn poem() -> Vec<Case> {
    use authz_poem::RequireExt as _;
    use poem::{Endpoint as _, EndpointExt as _, Route, get, handler, web::Json};

    #[handler]
    fn hello() -> Json<Hello> {
        Json(HELLO)
    }

    let signed = Signed::new(Algorithm::RS256);
    let middleware = signed.authorizer::<AnyClaims>(CACHE).require(scope(SCOPE));
    let bare = Route::new().at("/api/private", get(hello));
    let protected = Route::new().at("/api/private", get(hello.with(middleware)));
    let make = move || {
        let template = request(&signed.token);
        move || {
            let (parts, ()) = template.clone().into_parts();
            let mut request = poem::Request::default();
            request.set_method(parts.method);
            *request.uri_mut() = parts.uri;
            *request.headers_mut() = parts.headers;
            request
        }
    };
    let case = |name: &str, endpoint: Route| {
        let make = make();
        Case::new(name, move || {
            let response = at_once(endpoint.get_response(make()));
            assert_eq!(response.status(), StatusCode::OK, "the request is refused");
            let body = response.into_body().into_bytes();
            at_once(body).expect("a message is short")
        })
    };
    vec![
        case("bare", bare),
        Case::new("request", make()),
        case("protected", protected),
    ]
}

/// Calls `service` with one request after the other.
fn calls<S, A, B>(name: &str, service: S, mut make: impl FnMut() -> Request<A> + 'static) -> Case
where
    S: Service<Request<A>, Response = Response<B>> + Clone + 'static,
    S::Error: fmt::Debug,
    A: 'static,
    B: Body + 'static,
    B::Error: fmt::Debug,
{
    Case::new(name, move || {
        let response = at_once(service.clone().oneshot(make())).expect("a route does not fail");
        assert_eq!(response.status(), StatusCode::OK, "the request is refused");
        at_once(response.into_body().collect())
            .expect("a message is short")
            .to_bytes()
    })
}
