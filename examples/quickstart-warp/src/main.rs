//! The protected API of the tutorial, on warp.
//!
//! `cargo run -p quickstart-warp` needs nothing else: it starts a development issuer and prints a
//! `curl` line with a token. Environment variables select your own issuer.

mod by_rules;
mod cors;
mod plain;
mod surroundings;

use std::{io, process::ExitCode};

use authz_rustls::TlsListener;
use authz_warp::{
    Authorized, Authorizer, DpopService, RequireExt as _, any_valid_token, claim, get_or_head,
    path, role, scope,
};
use bytes::Buf;
use futures_util::Stream;
use quickstart::{Messages, NewMessage, PRIVATE, PUBLIC, READ, Start, WRITE};
use warp::{
    Filter, Rejection, Reply,
    http::{HeaderMap, StatusCode},
    reply::{Response, json, with_status},
};

use cors::with_cors;
use surroundings::{allowed, answer, messages_of, surrounded};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let api = match start.rules {
        None => api(&start.authorizer, start.messages).boxed(),
        Some(rules) => by_rules::api(&start.authorizer, rules, start.messages).boxed(),
    };
    let routes = with_cors(surrounded(api, start.authorizer), start.cors);
    // The filters of one request share its DPoP proof.
    let service = DpopService::new(warp::service(routes));
    match start.tls {
        None => plain::serve(start.listener, service, start.shutdown).await,
        Some(tls) => {
            let listener = TlsListener::new(start.listener, tls);
            authz_rustls::hyper::serve(listener, service, start.shutdown).await;
        }
    }
    Ok(())
}

fn api(
    authorizer: &Authorizer,
    messages: Messages,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    // Each endpoint has its own policy: after the path and the method, before the body.
    let any = authorizer.require(any_valid_token());
    let read = authorizer.require(scope(READ));
    let may_write = scope(WRITE) & !role("suspended");
    let write = authorizer.require(may_write.clone());
    // Allows admins, and members of the organization in the path. warp's parameters do not have names:
    // the pattern names them.
    let member = role("admin") | claim("org_id").equals(path("org"));
    let of = "/api/orgs/{org}/messages";
    let read_of = authorizer.require_at(of, scope(READ) & member.clone());
    let write_of = authorizer.require_at(of, may_write & member);

    let messages_of = messages_of(messages.clone());
    let messages = warp::path!("api" / "messages").map(move || messages.clone());
    let public = warp::path!("api" / "public")
        .and(get_or_head())
        .map(|| json(&PUBLIC));
    let private = warp::path!("api" / "private")
        .and(get_or_head())
        .and(read.clone())
        .map(|_: Authorized| json(&PRIVATE));
    let list = (messages.clone())
        .and(get_or_head())
        .and(read)
        .map(|messages: Messages, _: Authorized| json(&messages.list()));
    let create = messages
        .and(warp::post())
        .and(write)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(store);
    let list_of = (messages_of.clone())
        .and(get_or_head())
        .and(read_of)
        .map(|messages: Messages, _: Authorized| json(&messages.list()));
    let create_of = messages_of
        .and(warp::post())
        .and(write_of)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(store);
    // The filter before the handler extracts the caller.
    let me = warp::path!("api" / "me")
        .and(get_or_head())
        .and(any)
        .map(|caller: Authorized| json(&quickstart::me(&caller)));

    let api = public.or(private).or(list).or(create);
    let api = api.or(list_of).or(create_of).or(me);
    api.map(Reply::into_response)
        .or(allowed(authorizer))
        .unify()
}

/// A caller without permission is rejected before the body is read.
async fn store(
    messages: Messages,
    caller: Authorized,
    headers: HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<impl Reply, Response> {
    let message = NewMessage::read(&headers, body).await.map_err(answer)?;
    let stored = messages.add(message, caller.subject());
    Ok(with_status(json(&stored), StatusCode::CREATED))
}
