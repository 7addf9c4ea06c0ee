use authz_poem::Algorithm;
use authz_poem::jwks::SharedSecret;
use authz_poem::{Authorized, Authorizer, Issuer, RequireExt as _, scope};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{EndpointExt as _, Route, Server, get, handler, listener::TcpListener};

#[handler]
fn private(caller: Authorized) -> String {
    format!("hello {:?}", caller.subject())
}

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

    let app = Route::new().at("/api/private", get(private).with(guard));
    let server = Server::new(TcpListener::bind("127.0.0.1:3010"));
    Ok(server.run(app).await?)
}
