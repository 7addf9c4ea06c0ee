//! The protected API of the tutorial, on warp.
//!
//! `cargo run -p quickstart-warp` needs nothing else: it brings an issuer for development, and
//! prints a `curl` line with a token. Environment variables name your own issuer.

mod paths;

use std::{convert::Infallible, io, process::ExitCode};

use authz_warp::{
    Authorized, Authorizer, Policy, RequireExt as _, any_valid_token, get_or_head, scope,
};
use bytes::Buf;
use futures_util::Stream;
use quickstart::{
    Me, Messages, NewMessage, PRIVATE, PUBLIC, Problem, READ, Start, WRITE, allowed_methods,
    readiness, resource_metadata,
};
use warp::{
    Filter, Rejection, Reply,
    http::{self, HeaderMap, StatusCode, header::ALLOW},
    path,
    path::FullPath,
    reply::{Response, json, with_header, with_status},
};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    warp::serve(app(start.authorizer, start.messages))
        .incoming(start.listener)
        .graceful(start.shutdown)
        .run()
        .await;
    Ok(())
}

fn app(
    authorizer: Authorizer,
    messages: Messages,
) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    // Each endpoint says what it asks of the token: behind its path and its method, before its body.
    let read = authorizer.require(scope(READ));
    let write = authorizer.require(scope(WRITE));
    let any = authorizer.require(any_valid_token());
    let messages = warp::any().map(move || messages.clone());

    let public = path!("api" / "public")
        .and(get_or_head())
        .map(|| json(&PUBLIC));
    let private = path!("api" / "private")
        .and(get_or_head())
        .and(read.clone())
        .map(|_: Authorized| json(&PRIVATE));
    let list = path!("api" / "messages")
        .and(get_or_head())
        .and(read)
        .and(messages.clone())
        .map(|_: Authorized, messages: Messages| json(&messages.list()));
    let create = path!("api" / "messages")
        .and(warp::post())
        .and(write)
        .and(messages)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(create);
    // Who calls? The filter before the handler has the answer.
    let me = path!("api" / "me")
        .and(get_or_head())
        .and(any)
        .map(|caller: Authorized| json(&Me::from(caller)));

    let api = public.or(private).or(list).or(create).or(me);
    let operation = health(authorizer.clone()).or(metadata(authorizer.clone()));
    let routes = api.or(methods(&authorizer)).or(operation);
    paths::exact(routes.recover(authz_warp::recover))
}

/// Whoever may not write has been refused before a byte of the body is read.
async fn create(
    caller: Authorized,
    messages: Messages,
    headers: HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<impl Reply, http::Response<String>> {
    let message = NewMessage::read(&headers, body).await?;
    let stored = messages.add(message, caller.subject());
    Ok(with_status(json(&stored), StatusCode::CREATED))
}

/// A browser asks before it sends a token (CORS): that request comes without one. `require` leaves
/// it to the route that follows.
fn methods(
    authorizer: &Authorizer,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let preflight = warp::header::value("access-control-request-method").map(drop);
    let guarded = |policy: Policy| {
        let caller = authorizer.require(policy).map(drop);
        caller.or(preflight).unify().untuple_one()
    };
    let public = path!("api" / "public").and(warp::options());
    let private = path!("api" / "private")
        .and(warp::options())
        .and(guarded(scope(READ)));
    let others = path!("api" / "messages")
        .or(path!("api" / "me"))
        .unify()
        .and(warp::options())
        .and(guarded(any_valid_token()));
    let path = public
        .or(private)
        .unify()
        .or(others)
        .unify()
        .and(path::full());
    path.map(|path: FullPath| {
        let allowed = allowed_methods(path.as_str());
        with_header(StatusCode::NO_CONTENT, ALLOW, allowed).into_response()
    })
}

fn health(
    authorizer: Authorizer,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let live = path!("healthz").and(get_or_head()).map(|| "ok");
    let ready = path!("readyz").and(get_or_head()).map(move || {
        let (status, text) = readiness(&authorizer);
        with_status(text, status)
    });
    live.or(ready)
}

/// Where tokens for this API come from (RFC 9728).
fn metadata(
    authorizer: Authorizer,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    path!(".well-known" / "oauth-protected-resource" / ..)
        .and(get_or_head())
        .and(path::full())
        .map(
            move |path: FullPath| match resource_metadata(&authorizer, path.as_str()) {
                Some(metadata) => json(metadata).into_response(),
                None => http::Response::from(Problem::NOT_FOUND).into_response(),
            },
        )
}
