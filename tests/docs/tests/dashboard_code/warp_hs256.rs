use authz_warp::Algorithm;
use authz_warp::jwks::SharedSecret;
use authz_warp::{Authorized, Authorizer, Issuer, RequireExt as _, get_or_head, scope};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use warp::Filter;

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

    let private = warp::path!("api" / "private")
        .and(get_or_head())
        .and(guard)
        .map(|caller: Authorized| format!("hello {:?}", caller.subject()));
    let routes = private.recover(authz_warp::recover);
    warp::serve(routes).run(([127, 0, 0, 1], 3010)).await;
    Ok(())
}
