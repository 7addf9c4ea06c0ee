//! The tutorial's API on warp, with an issuer of its own: `cargo run -p authz-warp --example tutorial`.

use authz_testkit::DevIssuer;
use authz_warp::{
    Authorized, Authorizer, Issuer, RequireExt as _, any_valid_token, get_or_head, scope,
};
use serde_json::json;
use warp::{Filter, reply::json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();

    // In production: Issuer::auth0("tenant.eu.auth0.com").audience("https://quickstarts.example/api")
    let dev = DevIssuer::start().await;
    let issuer = Issuer::new(dev.issuer())
        .audience(dev.audience())
        .jwks_uri(dev.jwks_uri());
    let authorizer = Authorizer::new(issuer)?;

    let public = warp::path!("api" / "public")
        .and(get_or_head())
        .map(|| json(&json!({ "message": "everybody may read this" })));
    let private = warp::path!("api" / "private")
        .and(get_or_head())
        .and(authorizer.require(any_valid_token()))
        .map(|caller: Authorized| {
            json(&json!({ "message": "a valid token is enough", "subject": caller.subject() }))
        });
    let scoped = warp::path!("api" / "private-scoped")
        .and(get_or_head())
        .and(authorizer.require(scope("read:messages")))
        .map(|caller: Authorized| {
            json(&json!({ "message": "you have read:messages", "scopes": caller.scopes() }))
        });
    let routes = public.or(private).or(scoped).recover(authz_warp::recover);

    println!("curl -i http://127.0.0.1:3010/api/public");
    println!("curl -i http://127.0.0.1:3010/api/private");
    let token = dev.token().scope("read:messages").build();
    println!("curl -i http://127.0.0.1:3010/api/private-scoped -H 'Authorization: Bearer {token}'");
    warp::serve(routes).run(([127, 0, 0, 1], 3010)).await;
    Ok(())
}
