//! The same API with its policies in a file, for example
//! `AUTHZ_RULES=examples/quickstart/rules.toml cargo run -p quickstart-axum`.

use authz_axum::{Authorizer, RulesExt as _, openapi::DocumentPolicy as _, rules::Rules};
use axum::http::Method;
use quickstart::Messages;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    __path_create, __path_create_of, __path_list, __path_list_of, __path_me, __path_private,
    __path_public, create, create_of, list, list_of, me, private, public, surroundings::allowed,
};

pub(crate) fn api(authorizer: &Authorizer, rules: &Rules) -> OpenApiRouter<Messages> {
    // `layer` on the whole router would also deny unknown paths. Behind the router, they get 404, and
    // unknown methods get 405.
    let endpoints = [
        routes!(public),
        routes!(private),
        routes!(list, create),
        routes!(list_of, create_of),
        routes!(me),
    ];
    let table = authorizer.rules(rules.clone());
    let routes = endpoints.into_iter();
    routes.fold(
        OpenApiRouter::new(),
        |api, (schemas, mut paths, methods)| {
            for (path, item) in &mut paths.paths {
                for (method, operation) in
                    [(Method::GET, &mut item.get), (Method::POST, &mut item.post)]
                {
                    if let (Some(operation), Some(rule)) =
                        (operation, rules.rule_for(&method, path))
                        && let Some(policy) = rule.policy()
                    {
                        operation.require(policy);
                    }
                }
            }
            let methods = methods.options(allowed).route_layer(table.clone());
            api.routes((schemas, paths, methods))
        },
    )
}
