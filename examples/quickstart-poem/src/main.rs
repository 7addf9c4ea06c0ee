//! The protected API of the tutorial, on poem.
//!
//! `cargo run -p quickstart-poem` needs nothing else: it starts a development issuer and prints a
//! `curl` line with a token. Environment variables select your own issuer.

mod answer;
mod by_rules;
mod cors;
mod docs;
mod surroundings;

use std::{io, process::ExitCode};

use authz_poem::{
    DpopMiddleware, Policy, any_valid_token, claim, openapi::Protected, path, role, route_policy,
    scope,
};
use authz_rustls::TlsListener;
use poem::{EndpointExt as _, Route, Server, http::Uri, listener::TcpAcceptor, web::Data};
use poem_openapi::{OpenApi, OpenApiService, param};
use quickstart::{Messages, PRIVATE, PUBLIC, READ, Start, WRITE};

use answer::{MessageBody, PoemAnswer, json};
use cors::with_cors;
use docs::with_docs;
use surroundings::{allowed, surrounded};

fn main() -> ExitCode {
    quickstart::run(serve)
}

async fn serve(start: Start) -> io::Result<()> {
    let api = match &start.rules {
        None => Route::new().nest("/", service()),
        Some(rules) => by_rules::api(&start.authorizer, rules),
    };
    let api = with_docs(api, start.docs, start.rules);
    let app = surrounded(api, start.authorizer).map_err(io::Error::other)?;
    let app = app.data(start.messages).with(DpopMiddleware);
    let app = with_cors(app, start.cors);
    let Some(tls) = start.tls else {
        return Server::new_with_acceptor(TcpAcceptor::from_tokio(start.listener)?)
            .run_with_graceful_shutdown(app, start.shutdown, None)
            .await;
    };
    authz_rustls::poem::serve(TlsListener::new(start.listener, tls), app, start.shutdown).await
}

fn service() -> OpenApiService<MessagesApi, ()> {
    OpenApiService::new(MessagesApi, "Quickstart API", env!("CARGO_PKG_VERSION"))
}

route_policy!(AnyToken = any_valid_token());
route_policy!(ReadMessages = scope(READ));
route_policy!(WriteMessages = may_write());
route_policy!(ReadMessagesOf = scope(READ) & member());
route_policy!(WriteMessagesOf = may_write() & member());

fn may_write() -> Policy {
    scope(WRITE) & !role("suspended")
}

/// Allows admins, and members of the organization in the path. poem-openapi's router calls the first parameter of a path
/// `param0`.
fn member() -> Policy {
    role("admin") | claim("org_id").equals(path("param0"))
}

/// Each operation has its own policy, which also goes into the OpenAPI document. Unknown methods get 405, with or without a
/// token.
struct MessagesApi;

#[OpenApi]
impl MessagesApi {
    /// Greets everyone.
    #[oai(path = "/api/public", method = "get")]
    async fn public(&self) -> PoemAnswer {
        json(PUBLIC)
    }

    /// Greets readers of messages.
    #[oai(path = "/api/private", method = "get")]
    async fn private(&self, _caller: Protected<ReadMessages>) -> PoemAnswer {
        json(PRIVATE)
    }

    /// Describes the caller.
    #[oai(path = "/api/me", method = "get")]
    async fn me(&self, caller: Protected<AnyToken>) -> PoemAnswer {
        json(quickstart::me(&caller))
    }

    /// Lists the messages.
    #[oai(path = "/api/messages", method = "get")]
    async fn list(
        &self,
        _caller: Protected<ReadMessages>,
        messages: Data<&Messages>,
    ) -> PoemAnswer {
        json(messages.list())
    }

    /// Stores a message.
    // A caller without permission is rejected before the body is read, because the caller comes first.
    #[oai(path = "/api/messages", method = "post")]
    async fn create(
        &self,
        caller: Protected<WriteMessages>,
        messages: Data<&Messages>,
        body: MessageBody,
    ) -> PoemAnswer<201> {
        json(messages.add(body.0, caller.subject()))
    }

    /// Lists the messages of an organization.
    #[oai(path = "/api/orgs/:org/messages", method = "get")]
    async fn list_of(
        &self,
        _caller: Protected<ReadMessagesOf>,
        org: param::Path<String>,
        messages: Data<&Messages>,
    ) -> PoemAnswer {
        json(messages.of(&org).list())
    }

    /// Stores a message of an organization.
    #[oai(path = "/api/orgs/:org/messages", method = "post")]
    async fn create_of(
        &self,
        caller: Protected<WriteMessagesOf>,
        org: param::Path<String>,
        messages: Data<&Messages>,
        body: MessageBody,
    ) -> PoemAnswer<201> {
        json(messages.of(&org).add(body.0, caller.subject()))
    }

    #[oai(path = "/api/public", method = "options", hidden)]
    async fn public_options(&self, uri: &Uri) -> PoemAnswer<204> {
        allowed(uri)
    }

    #[oai(path = "/api/private", method = "options", hidden)]
    async fn private_options(
        &self,
        _caller: Protected<ReadMessages>,
        uri: &Uri,
    ) -> PoemAnswer<204> {
        allowed(uri)
    }

    #[oai(path = "/api/me", method = "options", hidden)]
    async fn me_options(&self, _caller: Protected<AnyToken>, uri: &Uri) -> PoemAnswer<204> {
        allowed(uri)
    }

    #[oai(path = "/api/messages", method = "options", hidden)]
    async fn messages_options(&self, _caller: Protected<AnyToken>, uri: &Uri) -> PoemAnswer<204> {
        allowed(uri)
    }

    #[oai(path = "/api/orgs/:org/messages", method = "options", hidden)]
    async fn messages_of_options(
        &self,
        _caller: Protected<AnyToken>,
        uri: &Uri,
    ) -> PoemAnswer<204> {
        allowed(uri)
    }
}
