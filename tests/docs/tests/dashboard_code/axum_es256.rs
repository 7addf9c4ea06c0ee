use authz_axum::Algorithm;
use authz_axum::{Authorized, Authorizer, Issuer, RequireExt as _, any_valid_token};
use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init(); // the log says why a token was refused

    let issuer = Issuer::new("http://127.0.0.1:3011/")
        .audience("https://es256.example")
        .algorithms([Algorithm::ES256]);
    let authorizer = Authorizer::new(issuer)?;
    let guard = authorizer.require(any_valid_token());

    let app = Router::new().route("/api/private", get(private).route_layer(guard));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3010").await?;
    Ok(axum::serve(listener, app).await?)
}

async fn private(caller: Authorized) -> String {
    format!("hello {:?}", caller.subject())
}
