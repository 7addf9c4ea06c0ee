//! The protected API of the tutorial, on warp.
//!
//! `cargo run -p quickstart-warp` needs nothing else: it brings an issuer for development, and
//! prints a `curl` line with a token. Environment variables name your own issuer.

mod surroundings;

use std::{io, process::ExitCode};

use authz_warp::{Authorized, Authorizer, RequireExt as _, any_valid_token, get_or_head, scope};
use bytes::Buf;
use futures_util::Stream;
use quickstart::{Me, Messages, NewMessage, PRIVATE, PUBLIC, READ, Start, WRITE};
use warp::{
    Filter, Rejection, Reply,
    http::{HeaderMap, Response, StatusCode},
    path,
    reply::{json, with_status},
};

use surroundings::surrounded;

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let api = api(&start.authorizer, start.messages);
    warp::serve(surrounded(api, start.authorizer))
        .incoming(start.listener)
        .graceful(start.shutdown)
        .run()
        .await;
    Ok(())
}

fn api(
    authorizer: &Authorizer,
    messages: Messages,
) -> impl Filter<Extract = (warp::reply::Response,), Error = Rejection> + Clone + use<> {
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
    api.map(Reply::into_response)
}

/// Whoever may not write has been refused before a byte of the body is read.
async fn create(
    caller: Authorized,
    messages: Messages,
    headers: HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<impl Reply, Response<String>> {
    let message = NewMessage::read(&headers, body).await?;
    let stored = messages.add(message, caller.subject());
    Ok(with_status(json(&stored), StatusCode::CREATED))
}
