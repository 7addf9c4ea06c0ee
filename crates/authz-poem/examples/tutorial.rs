//! The tutorial's API on poem, with an issuer of its own: `cargo run -p authz-poem --example tutorial`.

#![allow(clippy::needless_pass_by_value)] // poem's extractors are handed over by value

use authz_poem::{Authorized, Authorizer, Issuer, RequireExt as _, any_valid_token, scope};
use authz_testkit::DevIssuer;
use poem::{EndpointExt as _, Route, Server, get, handler, listener::TcpListener, web::Json};
use serde_json::{Value, json};

#[handler]
fn public() -> Json<Value> {
    Json(json!({ "message": "everybody may read this" }))
}

#[handler]
fn private(caller: Authorized) -> Json<Value> {
    Json(json!({ "message": "a valid token is enough", "subject": caller.subject() }))
}

#[handler]
fn scoped(caller: Authorized) -> Json<Value> {
    Json(json!({ "message": "you have read:messages", "scopes": caller.scopes() }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();

    // In production: Issuer::auth0("tenant.eu.auth0.com").audience("https://quickstarts.example/api")
    let dev = DevIssuer::start().await;
    let issuer = Issuer::new(dev.issuer())
        .audience(dev.audience())
        .jwks_uri(dev.jwks_uri());
    let authorizer = Authorizer::new(issuer)?;

    let app = Route::new()
        .at("/api/public", get(public))
        .at(
            "/api/private",
            get(private).with(authorizer.require(any_valid_token())),
        )
        .at(
            "/api/private-scoped",
            get(scoped).with(authorizer.require(scope("read:messages"))),
        );
    println!("curl -i http://127.0.0.1:3010/api/public");
    println!("curl -i http://127.0.0.1:3010/api/private");
    let token = dev.token().scope("read:messages").build();
    println!("curl -i http://127.0.0.1:3010/api/private-scoped -H 'Authorization: Bearer {token}'");
    Ok(Server::new(TcpListener::bind("127.0.0.1:3010"))
        .run(app)
        .await?)
}
