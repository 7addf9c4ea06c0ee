//! The same API with its policies in a file, for example
//! `AUTHZ_RULES=examples/quickstart/rules.toml cargo run -p quickstart-poem`.

use authz_poem::{Authorizer, RulesExt as _, rules::Rules};
use poem::{EndpointExt as _, Route, get};

use crate::{create, create_of, list, list_of, me, private, public, surroundings::allowed};

pub(crate) fn api(authorizer: &Authorizer, rules: &Rules) -> Route {
    // `with` on the whole route would also deny unknown paths. Behind the router, they get 404, and
    // unknown methods get 405.
    let table = || authorizer.rules(rules.clone());
    let options = || allowed.with(table());
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
