use authz_poem::Algorithm;
use authz_poem::{Authorized, Authorizer, Issuer, RequireExt as _, any_valid_token};
use poem::{EndpointExt as _, Route, Server, get, handler, listener::TcpListener};

#[handler]
fn private(caller: Authorized) -> String {
    format!("hello {:?}", caller.subject())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init(); // the log says why a token was refused

    let issuer = Issuer::new("http://127.0.0.1:3011/")
        .audience("https://es256.example")
        .algorithms([Algorithm::ES256]);
    let authorizer = Authorizer::new(issuer)?;
    let guard = authorizer.require(any_valid_token());

    let app = Route::new().at("/api/private", get(private).with(guard));
    let server = Server::new(TcpListener::bind("127.0.0.1:3010"));
    Ok(server.run(app).await?)
}
