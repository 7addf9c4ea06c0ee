//! The protected API of the tutorial, on poem.
//!
//! `cargo run -p quickstart-poem` needs nothing else: it starts a development issuer and prints a
//! `curl` line with a token. Environment variables select your own issuer.

mod by_rules;
mod cors;
mod surroundings;

use std::{io, process::ExitCode};

use authz_poem::{
    Authorized, Authorizer, RequireExt as _, any_valid_token, claim, path, role, scope,
};
use authz_rustls::TlsListener;
use poem::{
    Body, EndpointExt as _, IntoResponse, Response, Route, Server, get, handler,
    http::{HeaderMap, StatusCode},
    listener::TcpAcceptor,
    web::{Data, Path},
};
use quickstart::{Messages, NewMessage, PRIVATE, PUBLIC, READ, Start, WRITE};

use cors::with_cors;
use surroundings::{allowed, json, surrounded};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let api = match start.rules {
        None => api(&start.authorizer),
        Some(rules) => by_rules::api(&start.authorizer, &rules),
    };
    let app = surrounded(api, start.authorizer).map_err(io::Error::other)?;
    let app = with_cors(app.data(start.messages), start.cors);
    let Some(tls) = start.tls else {
        return Server::new_with_acceptor(TcpAcceptor::from_tokio(start.listener)?)
            .run_with_graceful_shutdown(app, start.shutdown, None)
            .await;
    };
    authz_rustls::poem::serve(TlsListener::new(start.listener, tls), app, start.shutdown).await
}

fn api(authorizer: &Authorizer) -> Route {
    // Each endpoint has its own policy. The middleware wraps the handlers and not their route: unknown
    // methods get 405, with or without a token.
    let any = || authorizer.require(any_valid_token());
    let read = || authorizer.require(scope(READ));
    let may_write = scope(WRITE) & !role("suspended");
    let write = authorizer.require(may_write.clone());
    // Allows admins, and members of the organization in the path.
    let member = role("admin") | claim("org_id").equals(path("org"));
    let read_of = authorizer.require(scope(READ) & member.clone());
    let write_of = authorizer.require(may_write & member);

    let messages = get(list.with(read()))
        .post(create.with(write))
        .options(allowed.with(any()));
    let messages_of = get(list_of.with(read_of))
        .post(create_of.with(write_of))
        .options(allowed.with(any()));
    Route::new()
        .at("/api/public", get(public).options(allowed))
        .at(
            "/api/private",
            get(private.with(read())).options(allowed.with(read())),
        )
        .at("/api/messages", messages)
        .at("/api/orgs/:org/messages", messages_of)
        .at("/api/me", get(me.with(any())).options(allowed.with(any())))
}

#[handler]
fn public() -> Response {
    json(PUBLIC)
}

#[handler]
fn private() -> Response {
    json(PRIVATE)
}

/// The middleware has verified the caller. The argument extracts it.
#[handler]
fn me(caller: Authorized) -> Response {
    json(quickstart::me(&caller.into_inner()))
}

#[handler]
fn list(Data(messages): Data<&Messages>) -> Response {
    json(messages.list())
}

/// A caller without permission is rejected before the body is read.
#[handler]
async fn create(
    caller: Authorized,
    Data(messages): Data<&Messages>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    store(caller, messages, headers, body).await
}

#[handler]
fn list_of(Path(org): Path<String>, Data(messages): Data<&Messages>) -> Response {
    json(messages.of(&org).list())
}

#[handler]
async fn create_of(
    caller: Authorized,
    Path(org): Path<String>,
    Data(messages): Data<&Messages>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    store(caller, &messages.of(&org), headers, body).await
}

async fn store(
    caller: Authorized,
    messages: &Messages,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    match NewMessage::read(headers, body.into_bytes_stream()).await {
        Ok(message) => {
            let stored = messages.add(message, caller.subject());
            json(stored)
                .with_status(StatusCode::CREATED)
                .into_response()
        }
        Err(problem) => problem.into_response(),
    }
}
