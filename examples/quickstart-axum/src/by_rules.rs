//! The same API, where a file says who may do what: with `AUTHZ_RULES`, as in
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
    // `layer` on the whole router would do, and would deny what does not exist, too. As it is, the
    // table is asked behind the router, which knows what to answer with 404 and 405.
    let routes = endpoints.into_iter();
    routes.fold(Router::new(), |api, (path, methods)| {
        let guarded = methods.options(allowed).route_layer(table.clone());
        api.route(path, guarded)
    })
}
