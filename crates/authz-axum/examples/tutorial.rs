//! The tutorial's API on axum, with an issuer of its own: `cargo run -p authz-axum --example tutorial`.

use authz_axum::{Authorized, Authorizer, Issuer, RequireExt as _, any_valid_token, scope};
use authz_testkit::DevIssuer;
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();

    // In production: Issuer::auth0("tenant.eu.auth0.com").audience("https://quickstarts.example/api")
    let dev = DevIssuer::start().await;
    let issuer = Issuer::new(dev.issuer())
        .audience(dev.audience())
        .jwks_uri(dev.jwks_uri());
    let authorizer = Authorizer::new(issuer)?;

    let app = Router::new()
        .route("/api/public", get(public))
        .route(
            "/api/private",
            get(private).route_layer(authorizer.require(any_valid_token())),
        )
        .route(
            "/api/private-scoped",
            get(scoped).route_layer(authorizer.require(scope("read:messages"))),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3010").await?;
    println!("curl -i http://127.0.0.1:3010/api/public");
    println!("curl -i http://127.0.0.1:3010/api/private");
    let token = dev.token().scope("read:messages").build();
    println!("curl -i http://127.0.0.1:3010/api/private-scoped -H 'Authorization: Bearer {token}'");
    Ok(axum::serve(listener, app).await?)
}

async fn public() -> Json<Value> {
    Json(json!({ "message": "everybody may read this" }))
}

async fn private(caller: Authorized) -> Json<Value> {
    Json(json!({ "message": "a valid token is enough", "subject": caller.subject() }))
}

async fn scoped(caller: Authorized) -> Json<Value> {
    Json(json!({ "message": "you have read:messages", "scopes": caller.scopes() }))
}
