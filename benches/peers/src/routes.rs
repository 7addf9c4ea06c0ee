//! An axum route in process: bare, behind this repository's layer, and behind oauth-resource-server's.

use std::sync::Arc;

use authz_axum::RequireExt as _;
use authz_benches::{
    Case,
    fixture::{AnyClaims, SCOPE, request},
    groups::routes::{axum_calls, axum_hello},
};
use authz_core::scope;
use axum::{Router, routing::get};
use oauth_resource_server::{axum::AuthLayer, static_token_policy};

use crate::{ours, peers, token::Issued};

pub fn cases(issued: &Issued) -> Vec<Case> {
    let template = request(issued.token());
    let route = || get(axum_hello);
    let case = |name: &str, app: Router| axum_calls(name, app, template.clone());

    let layer = ours::authorizer::<AnyClaims>(issued, 32 << 20).require(scope(SCOPE));
    let (resolved, validator) = peers::resource_server(issued);
    let decision = static_token_policy(None, Some(&resolved), false).expect("good settings");
    let theirs = AuthLayer::from_decision(decision, Some(Arc::clone(&validator)));
    let theirs = theirs.expect("good settings");
    vec![
        case("bare", Router::new().route("/api/private", route())),
        case(
            "authz-axum",
            Router::new().route("/api/private", route().layer(layer)),
        ),
        case(
            "oauth-resource-server-0.4",
            Router::new()
                .route("/api/private", route())
                .route_layer(theirs),
        ),
    ]
}
