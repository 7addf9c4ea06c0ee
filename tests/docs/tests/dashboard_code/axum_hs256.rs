use authz_axum::Algorithm;
use authz_axum::jwks::SharedSecret;
use authz_axum::{Authorized, Authorizer, Issuer, RequireExt as _, scope};
use axum::{Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init(); // the log says why a token was refused

    // The API's secret in base64url, as the dashboard showed it.
    let secret = URL_SAFE_NO_PAD.decode(std::env::var("API_SECRET")?)?;
    let issuer = Issuer::new("http://127.0.0.1:3011/")
        .audience("https://hs256.example")
        .algorithms([Algorithm::HS256])
        .keys(SharedSecret::hs256(secret)?);
    let authorizer = Authorizer::new(issuer)?;
    let guard = authorizer.require(scope("read"));

    let app = Router::new().route("/api/private", get(private).route_layer(guard));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3010").await?;
    Ok(axum::serve(listener, app).await?)
}

async fn private(caller: Authorized) -> String {
    format!("hello {:?}", caller.subject())
}
