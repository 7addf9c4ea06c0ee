//! The protected API of the tutorial, on axum.
//!
//! `cargo run -p quickstart-axum` needs nothing else: it starts a development issuer and prints a
//! `curl` line with a token. Environment variables select your own issuer.

mod by_rules;
mod cors;
mod docs;
mod surroundings;

use std::{io, net::SocketAddr, process::ExitCode};

use authz_axum::{
    Authorized, Authorizer, RequireExt as _, any_valid_token, claim,
    openapi::RequireRoutesExt as _, path, role, scope,
};
use authz_rustls::TlsListener;
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::options,
};
use quickstart::{
    Hello, Message, Messages, NewMessage, PRIVATE, PUBLIC, Problem, READ, Start, WRITE,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use cors::with_cors;
use docs::docs;
use surroundings::{allowed, surrounded};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let api = match start.rules {
        None => api(&start.authorizer),
        Some(rules) => by_rules::api(&start.authorizer, &rules),
    };
    let (api, document) = api.with_state(start.messages).split_for_parts();
    let api = api.merge(docs(document, start.docs));
    let app = with_cors(surrounded(api, start.authorizer), start.cors);
    let Some(tls) = start.tls else {
        // The peer's address tells whether a proxy is trusted.
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        return axum::serve(start.listener, app)
            .with_graceful_shutdown(start.shutdown)
            .await;
    };
    authz_rustls::axum::serve(TlsListener::new(start.listener, tls), app)
        .with_graceful_shutdown(start.shutdown)
        .await
}

fn api(authorizer: &Authorizer) -> OpenApiRouter<Messages> {
    // Each endpoint has its own policy, which also goes into the OpenAPI document. Unknown methods get 405, with
    // or without a token.
    let may_write = scope(WRITE) & !role("suspended");
    // Allows admins, and members of the organization in the path.
    let member = role("admin") | claim("org_id").equals(path("org"));
    let read_of = scope(READ) & member.clone();
    let write_of = may_write.clone() & member;

    let guarded = |policy| options(allowed).route_layer(authorizer.require(policy));
    OpenApiRouter::new()
        .routes(routes!(public))
        .routes(routes!(private).require(authorizer, scope(READ)))
        .routes(routes!(list).require(authorizer, scope(READ)))
        .routes(routes!(create).require(authorizer, may_write))
        .routes(routes!(list_of).require(authorizer, read_of))
        .routes(routes!(create_of).require(authorizer, write_of))
        .routes(routes!(me).require(authorizer, any_valid_token()))
        .route("/api/public", options(allowed))
        .route("/api/private", guarded(scope(READ)))
        .route("/api/messages", guarded(any_valid_token()))
        .route("/api/orgs/{org}/messages", guarded(any_valid_token()))
        .route("/api/me", guarded(any_valid_token()))
}

/// Greets everyone.
#[utoipa::path(get, path = "/api/public", responses((status = 200, description = "A greeting")))]
async fn public() -> Json<Hello> {
    Json(PUBLIC)
}

/// Greets readers of messages.
#[utoipa::path(get, path = "/api/private", responses((status = 200, description = "A greeting")))]
async fn private() -> Json<Hello> {
    Json(PRIVATE)
}

/// Describes the caller.
// The layer has verified the caller. The argument extracts it.
#[utoipa::path(get, path = "/api/me", responses((status = 200, description = "The caller")))]
async fn me(caller: Authorized) -> impl IntoResponse {
    Json(quickstart::me(&caller))
}

/// Lists the messages.
#[utoipa::path(get, path = "/api/messages", responses((status = 200, description = "The messages")))]
async fn list(State(messages): State<Messages>) -> Json<Vec<Message>> {
    Json(messages.list())
}

/// Stores a message.
// A caller without permission is rejected before the body is read.
#[utoipa::path(
    post,
    path = "/api/messages",
    request_body = HashMap<String, String>,
    responses((status = 201, description = "The stored message")),
)]
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

/// Lists the messages of an organization.
#[utoipa::path(
    get,
    path = "/api/orgs/{org}/messages",
    params(("org" = String, Path)),
    responses((status = 200, description = "The messages")),
)]
async fn list_of(Path(org): Path<String>, State(messages): State<Messages>) -> Json<Vec<Message>> {
    Json(messages.of(&org).list())
}

/// Stores a message of an organization.
#[utoipa::path(
    post,
    path = "/api/orgs/{org}/messages",
    params(("org" = String, Path)),
    request_body = HashMap<String, String>,
    responses((status = 201, description = "The stored message")),
)]
async fn create_of(
    caller: Authorized,
    Path(org): Path<String>,
    State(messages): State<Messages>,
    headers: HeaderMap,
    body: Body,
) -> impl IntoResponse {
    create(caller, State(messages.of(&org)), headers, body).await
}
