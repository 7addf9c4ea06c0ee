//! The protected API of the tutorial, on axum.
//!
//! `cargo run -p quickstart-axum` needs nothing else: it brings an issuer for development, and
//! prints a `curl` line with a token. Environment variables name your own issuer.

use std::{io, process::ExitCode};

use authz_axum::{Authorized, Authorizer, RequireExt as _, any_valid_token, scope};
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::ALLOW},
    response::IntoResponse,
    routing::{get, options, post},
};
use quickstart::{
    Hello, METADATA, Me, Message, Messages, NewMessage, PRIVATE, PUBLIC, Problem, READ, Start,
    WRITE, allowed_methods, readiness, resource_metadata,
};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let app = app(start.authorizer, start.messages);
    axum::serve(start.listener, app)
        .with_graceful_shutdown(start.shutdown)
        .await
}

/// What the handlers share.
#[derive(Clone)]
struct App {
    authorizer: Authorizer,
    messages: Messages,
}

fn app(authorizer: Authorizer, messages: Messages) -> Router {
    // Each endpoint says what it asks of the token. `route_layer` leaves the methods alone that the
    // endpoint does not take: they are answered with 405, token or not.
    let read = authorizer.require(scope(READ));
    let write = authorizer.require(scope(WRITE));
    let any = authorizer.require(any_valid_token());

    let list_and_create = get(list)
        .route_layer(read.clone())
        .merge(post(create).route_layer(write))
        .merge(options(methods).route_layer(any.clone()));
    Router::new()
        .route("/api/public", get(public).options(methods))
        .route(
            "/api/private",
            get(private).options(methods).route_layer(read),
        )
        .route("/api/messages", list_and_create)
        .route("/api/me", get(me).options(methods).route_layer(any))
        .route("/healthz", get("ok"))
        .route("/readyz", get(ready))
        .route(METADATA, get(metadata))
        .route(&format!("{METADATA}/{{*path}}"), get(metadata))
        .fallback(async || Problem::NOT_FOUND.into_parts())
        .method_not_allowed_fallback(async |uri: Uri| {
            Problem::method_not_allowed(uri.path()).into_parts()
        })
        .with_state(App {
            authorizer,
            messages,
        })
}

async fn public() -> Json<Hello> {
    Json(PUBLIC)
}

async fn private() -> Json<Hello> {
    Json(PRIVATE)
}

/// Who calls? The layer has put the answer where this argument finds it.
async fn me(caller: Authorized) -> Json<Me> {
    Json(Me::from(caller.into_inner()))
}

async fn list(State(app): State<App>) -> Json<Vec<Message>> {
    Json(app.messages.list())
}

/// Whoever may not write has been refused before a byte of the body is read.
async fn create(
    caller: Authorized,
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, impl IntoResponse> {
    match NewMessage::read(&headers, body.into_data_stream()).await {
        Ok(message) => {
            let stored = app.messages.add(message, caller.subject());
            Ok((StatusCode::CREATED, Json(stored)))
        }
        Err(problem) => Err(problem.into_parts()),
    }
}

/// A browser asks before it sends a token (CORS): that request comes without one, and the layer
/// lets it through.
async fn methods(uri: Uri) -> impl IntoResponse {
    (
        StatusCode::NO_CONTENT,
        [(ALLOW, allowed_methods(uri.path()))],
    )
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    readiness(&app.authorizer)
}

/// Where tokens for this API come from (RFC 9728).
async fn metadata(State(app): State<App>, uri: Uri) -> impl IntoResponse {
    match resource_metadata(&app.authorizer, uri.path()) {
        Some(metadata) => Json(metadata).into_response(),
        None => Problem::NOT_FOUND.into_parts().into_response(),
    }
}
