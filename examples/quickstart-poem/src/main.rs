//! The protected API of the tutorial, on poem.
//!
//! `cargo run -p quickstart-poem` needs nothing else: it brings an issuer for development, and
//! prints a `curl` line with a token. Environment variables name your own issuer.

use std::{io, process::ExitCode};

use authz_poem::{Authorized, Authorizer, RequireExt as _, any_valid_token, scope};
use poem::{
    Body, Endpoint, EndpointExt as _, IntoResponse, Response, Route, Server,
    error::{MethodNotAllowedError, NotFoundError},
    get, handler,
    http::{HeaderMap, StatusCode, Uri, header::ALLOW},
    listener::TcpAcceptor,
    web::{Data, Json},
};
use quickstart::{
    METADATA, Me, Messages, NewMessage, PRIVATE, PUBLIC, Problem, READ, Start, WRITE,
    allowed_methods, readiness, resource_metadata,
};
use serde::Serialize;

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let app = app(start.authorizer, start.messages);
    Server::new_with_acceptor(TcpAcceptor::from_tokio(start.listener)?)
        .run_with_graceful_shutdown(app, start.shutdown, None)
        .await
}

fn app(authorizer: Authorizer, messages: Messages) -> impl Endpoint {
    // Each endpoint says what it asks of the token. The middleware is around the handlers and not
    // around their route: methods that the route does not take are answered with 405, token or not.
    let read = || authorizer.require(scope(READ));
    let write = || authorizer.require(scope(WRITE));
    let any = || authorizer.require(any_valid_token());

    let list_and_create = get(list.with(read()))
        .post(create.with(write()))
        .options(methods.with(any()));
    Route::new()
        .at("/api/public", get(public).options(methods))
        .at(
            "/api/private",
            get(private.with(read())).options(methods.with(read())),
        )
        .at("/api/messages", list_and_create)
        .at("/api/me", get(me.with(any())).options(methods.with(any())))
        .at("/healthz", get(live))
        .at("/readyz", get(ready))
        .at(METADATA, get(metadata))
        .at(format!("{METADATA}/*path"), get(metadata))
        .data(authorizer)
        .data(messages)
        .catch_error(async |_: NotFoundError| Problem::NOT_FOUND.into_parts())
        .around(async |app, request| {
            let path = request.uri().path().to_owned();
            app.call(request).await.or_else(|error| {
                error.downcast::<MethodNotAllowedError>().map(|_| {
                    Problem::method_not_allowed(&path)
                        .into_parts()
                        .into_response()
                })
            })
        })
}

#[handler]
fn public() -> Response {
    json(PUBLIC)
}

#[handler]
fn private() -> Response {
    json(PRIVATE)
}

/// Who calls? The middleware has put the answer where this argument finds it.
#[handler]
fn me(caller: Authorized) -> Response {
    json(Me::from(caller.into_inner()))
}

#[handler]
fn list(Data(messages): Data<&Messages>) -> Response {
    json(messages.list())
}

/// Whoever may not write has been refused before a byte of the body is read.
#[handler]
async fn create(
    caller: Authorized,
    Data(messages): Data<&Messages>,
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
        Err(problem) => problem.into_parts().into_response(),
    }
}

/// A browser asks before it sends a token (CORS): that request comes without one, and the
/// middleware lets it through.
#[handler]
fn methods(uri: &Uri) -> Response {
    StatusCode::NO_CONTENT
        .with_header(ALLOW, allowed_methods(uri.path()))
        .into_response()
}

#[handler]
fn live() -> &'static str {
    "ok"
}

#[handler]
fn ready(Data(authorizer): Data<&Authorizer>) -> Response {
    let (status, text) = readiness(authorizer);
    text.with_status(status).into_response()
}

/// Where tokens for this API come from (RFC 9728).
#[handler]
fn metadata(Data(authorizer): Data<&Authorizer>, uri: &Uri) -> Response {
    match resource_metadata(authorizer, uri.path()) {
        Some(metadata) => json(metadata),
        None => Problem::NOT_FOUND.into_parts().into_response(),
    }
}

/// JSON without poem's `charset`, a parameter that it does not have (RFC 8259 section 11).
fn json(value: impl Serialize + Send) -> Response {
    Json(value)
        .with_content_type("application/json")
        .into_response()
}
