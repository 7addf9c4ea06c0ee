//! The protected API of the tutorial, on axum.
//!
//! `cargo run -p quickstart-axum` needs nothing else: it starts a development issuer and prints a
//! `curl` line with a token. Environment variables select your own issuer.

mod by_rules;
mod cors;
mod surroundings;

use std::{io, process::ExitCode};

use authz_axum::{
    Authorized, Authorizer, RequireExt as _, any_valid_token, claim, path, role, scope,
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, options, post},
};
use quickstart::{
    Hello, Message, Messages, NewMessage, PRIVATE, PUBLIC, Problem, READ, Start, WRITE,
};

use cors::with_cors;
use surroundings::{allowed, surrounded};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let api = match start.rules {
        None => api(&start.authorizer),
        Some(rules) => by_rules::api(&start.authorizer, rules),
    };
    let api = api.with_state(start.messages);
    let app = with_cors(surrounded(api, start.authorizer), start.cors);
    axum::serve(start.listener, app)
        .with_graceful_shutdown(start.shutdown)
        .await
}

fn api(authorizer: &Authorizer) -> Router<Messages> {
    // Each endpoint has its own policy. `route_layer` does not affect unknown methods: they get 405,
    // with or without a token.
    let any = authorizer.require(any_valid_token());
    let read = authorizer.require(scope(READ));
    let may_write = scope(WRITE) & !role("suspended");
    let write = authorizer.require(may_write.clone());
    // Allows admins, and members of the organization in the path.
    let member = role("admin") | claim("org_id").equals(path("org"));
    let read_of = authorizer.require(scope(READ) & member.clone());
    let write_of = authorizer.require(may_write & member);

    let messages = get(list)
        .route_layer(read.clone())
        .merge(post(create).route_layer(write))
        .merge(options(allowed).route_layer(any.clone()));
    let messages_of = get(list_of)
        .route_layer(read_of)
        .merge(post(create_of).route_layer(write_of))
        .merge(options(allowed).route_layer(any.clone()));
    Router::new()
        .route("/api/public", get(public).options(allowed))
        .route(
            "/api/private",
            get(private).options(allowed).route_layer(read),
        )
        .route("/api/messages", messages)
        .route("/api/orgs/{org}/messages", messages_of)
        .route("/api/me", get(me).options(allowed).route_layer(any))
}

async fn public() -> Json<Hello> {
    Json(PUBLIC)
}

async fn private() -> Json<Hello> {
    Json(PRIVATE)
}

/// The layer has verified the caller. The argument extracts it.
async fn me(caller: Authorized) -> impl IntoResponse {
    Json(quickstart::me(&caller))
}

async fn list(State(messages): State<Messages>) -> Json<Vec<Message>> {
    Json(messages.list())
}

/// A caller without permission is rejected before the body is read.
async fn create(
    caller: Authorized,
    State(messages): State<Messages>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let message = NewMessage::read(&headers, body.into_data_stream()).await?;
    let stored = messages.add(message, caller.subject());
    Ok((StatusCode::CREATED, Json(stored)))
}

async fn list_of(Path(org): Path<String>, State(messages): State<Messages>) -> Json<Vec<Message>> {
    Json(messages.of(&org).list())
}

async fn create_of(
    caller: Authorized,
    Path(org): Path<String>,
    State(messages): State<Messages>,
    headers: HeaderMap,
    body: Body,
) -> impl IntoResponse {
    create(caller, State(messages.of(&org)), headers, body).await
}
