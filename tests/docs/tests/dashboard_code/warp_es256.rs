use authz_warp::Algorithm;
use authz_warp::{Authorized, Authorizer, Issuer, RequireExt as _, any_valid_token, get_or_head};
use warp::Filter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init(); // the log says why a token was refused

    let issuer = Issuer::new("http://127.0.0.1:3011/")
        .audience("https://es256.example")
        .algorithms([Algorithm::ES256]);
    let authorizer = Authorizer::new(issuer)?;
    let guard = authorizer.require(any_valid_token());

    let private = warp::path!("api" / "private")
        .and(get_or_head())
        .and(guard)
        .map(|caller: Authorized| format!("hello {:?}", caller.subject()));
    let routes = private.recover(authz_warp::recover);
    warp::serve(routes).run(([127, 0, 0, 1], 3010)).await;
    Ok(())
}
