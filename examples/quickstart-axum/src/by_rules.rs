//! The same API with its policies in a file, for example
//! `AUTHZ_RULES=examples/quickstart/rules.toml cargo run -p quickstart-axum`.

use authz_axum::{Authorizer, RulesExt as _, rules::Rules};
use axum::{Router, routing::get};
use quickstart::Messages;

use crate::{create, create_of, list, list_of, me, private, public, surroundings::allowed};

pub(crate) fn api(authorizer: &Authorizer, rules: Rules) -> Router<Messages> {
    let table = authorizer.rules(rules);
    let endpoints = [
        ("/api/public", get(public)),
        ("/api/private", get(private)),
        ("/api/messages", get(list).post(create)),
        ("/api/orgs/{org}/messages", get(list_of).post(create_of)),
        ("/api/me", get(me)),
    ];
    // `layer` on the whole router would also deny unknown paths. Behind the router, they get 404, and
    // unknown methods get 405.
    let routes = endpoints.into_iter();
    routes.fold(Router::new(), |api, (path, methods)| {
        let guarded = methods.options(allowed).route_layer(table.clone());
        api.route(path, guarded)
    })
}
