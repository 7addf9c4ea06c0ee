//! A token that is bound to a certificate (RFC 8705 section 3), through TLS and each adapter.

use authz_core::{
    Algorithm, Authorizer, CryptoBackend, Issuer, MutualTls, any_valid_token, jwks::StaticKeys,
};
use authz_rustls::TlsListener;
use authz_testkit::{SigningKey, TokenBuilder};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::version::TLS13;
use serde_json::json;
use tokio::task::JoinHandle;
use warp::Filter as _;

use crate::{
    client::{Http, Identity, config as client_config, connect},
    servers::{Gate, Start, start},
};

fn authorizer() -> Authorizer {
    let key = SigningKey::shared(Algorithm::ES256);
    let keys = json!({ "keys": [key.public_jwk()] }).to_string();
    let issuer = Issuer::new("https://issuer.example/")
        .audience("https://api.example")
        .algorithms([Algorithm::ES256])
        .keys(StaticKeys::from_jwks(keys.as_bytes()).unwrap())
        .mutual_tls(MutualTls::Accepted);
    Authorizer::builder()
        .issuer(issuer)
        .crypto_backend(CryptoBackend::AwsLcRs)
        .build()
        .unwrap()
}

fn axum(listener: TlsListener, _: Gate) -> JoinHandle<()> {
    use authz_axum::RequireExt as _;

    let guard = authorizer().require(any_valid_token());
    let app = axum::Router::new()
        .route("/", axum::routing::get(|| async { "in" }))
        .layer(guard);
    tokio::spawn(async { authz_rustls::axum::serve(listener, app).await.unwrap() })
}

fn warp(listener: TlsListener, _: Gate) -> JoinHandle<()> {
    use authz_warp::{Authorized, RequireExt as _};

    let routes = authorizer()
        .require(any_valid_token())
        .map(|_: Authorized| "in")
        .recover(authz_warp::recover);
    let never = std::future::pending::<()>();
    tokio::spawn(authz_rustls::hyper::serve(
        listener,
        warp::service(routes),
        never,
    ))
}

fn poem(listener: TlsListener, _: Gate) -> JoinHandle<()> {
    use authz_poem::RequireExt as _;
    use poem::EndpointExt as _;

    let app = poem::endpoint::make_sync(|_| "in").with(authorizer().require(any_valid_token()));
    tokio::spawn(async {
        let never = std::future::pending::<()>();
        authz_rustls::poem::serve(listener, app, never)
            .await
            .unwrap();
    })
}

#[tokio::test]
async fn the_certificate_of_the_connection_decides() {
    let server = Identity::self_signed();
    let (own, other) = (Identity::self_signed(), Identity::self_signed());
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, own.der());
    let cnf = json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(hash) });
    let key = SigningKey::shared(Algorithm::ES256);
    let token = TokenBuilder::new(&key).claim("cnf", cnf).build();
    let servers: [(&str, Start); 3] = [("axum", axum), ("warp", warp), ("poem", poem)];
    for (name, serve) in servers {
        let address = start(serve, &server).await;
        for (identity, expected) in [(Some(&own), 200), (Some(&other), 401), (None, 401)] {
            let config = client_config(server.certificate.der(), identity, &[&TLS13]);
            for http in [Http::One, Http::Two] {
                let config = config.clone().into();
                let mut connection = connect(address, &config, http).await.unwrap();
                let response = connection.get_with_token("/", &token).await.unwrap();
                assert_eq!(response.status(), expected, "{name} {http:?}");
            }
        }
    }
}
