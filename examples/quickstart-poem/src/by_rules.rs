//! The same API with its policies in a file, for example
//! `AUTHZ_RULES=examples/quickstart/rules.toml cargo run -p quickstart-poem`.
//!
//! The handlers are plain ones, because those of [`MessagesApi`](crate::MessagesApi) require their own policies.

use authz_poem::{Authorized, Authorizer, RulesExt as _, rules::Rules};
use poem::{
    Body, EndpointExt as _, Result, Route, get, handler,
    http::{HeaderMap, Uri},
    web::{Data, Path},
};
use quickstart::{Messages, PRIVATE, PUBLIC};

use crate::{
    answer::{PoemAnswer, json, read},
    surroundings::allowed,
};

pub(crate) fn api(authorizer: &Authorizer, rules: &Rules) -> Route {
    // `with` on the whole route would also deny unknown paths. Behind the router, they get 404, and
    // unknown methods get 405.
    let table = || authorizer.rules(rules.clone());
    let options = || any_options.with(table());
    let messages = get(list.with(table())).post(create.with(table()));
    let messages_of = get(list_of.with(table())).post(create_of.with(table()));
    Route::new()
        .at("/api/public", get(public.with(table())).options(options()))
        .at(
            "/api/private",
            get(private.with(table())).options(options()),
        )
        .at("/api/messages", messages.options(options()))
        .at("/api/orgs/:org/messages", messages_of.options(options()))
        .at("/api/me", get(me.with(table())).options(options()))
}

#[handler]
fn public() -> PoemAnswer {
    json(PUBLIC)
}

#[handler]
fn private() -> PoemAnswer {
    json(PRIVATE)
}

#[handler]
fn me(caller: Authorized) -> PoemAnswer {
    json(quickstart::me(&caller.into_inner()))
}

#[handler]
fn list(Data(messages): Data<&Messages>) -> PoemAnswer {
    json(messages.list())
}

/// A caller without permission is rejected before the body is read.
#[handler]
async fn create(
    caller: Authorized,
    Data(messages): Data<&Messages>,
    headers: &HeaderMap,
    body: Body,
) -> Result<PoemAnswer<201>> {
    let message = read(headers, body).await?;
    Ok(json(messages.add(message, caller.subject())))
}

#[handler]
fn list_of(Path(org): Path<String>, Data(messages): Data<&Messages>) -> PoemAnswer {
    json(messages.of(&org).list())
}

#[handler]
async fn create_of(
    caller: Authorized,
    Path(org): Path<String>,
    Data(messages): Data<&Messages>,
    headers: &HeaderMap,
    body: Body,
) -> Result<PoemAnswer<201>> {
    let message = read(headers, body).await?;
    Ok(json(messages.of(&org).add(message, caller.subject())))
}

#[handler]
fn any_options(uri: &Uri) -> PoemAnswer<204> {
    allowed(uri)
}
