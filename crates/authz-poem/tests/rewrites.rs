//! Rules for requests whose path is rewritten on the way to the middleware.
#![cfg(feature = "rules")]

use std::net::SocketAddr;

use authz_poem::{Authorizer, Issuer, RulePaths, RulesExt as _, rules::Rules};
use authz_testkit::DevIssuer;
use poem::{
    EndpointExt as _, Request, Route, Server, handler,
    listener::{Acceptor as _, Listener as _, TcpListener},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn issuer_and_authorizer() -> (DevIssuer, Authorizer) {
    let issuer = DevIssuer::start().await;
    let authorizer = adapter_tests::authorizer()
        .issuer(
            Issuer::new(issuer.issuer())
                .audience(issuer.audience())
                .jwks_uri(issuer.jwks_uri()),
        )
        .build()
        .unwrap();
    (issuer, authorizer)
}

#[handler]
fn reached() -> &'static str {
    "reached"
}

/// The status of the answer to `GET path`.
async fn exchange(address: SocketAddr, path: &str, token: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).expect("a status line");
    status.parse().unwrap()
}

const RULES: &str = r#"
    [[rules]]
    path = "/admin"
    policy = 'scope("admin")'

    [[rules]]
    path = "/{*rest}"
    policy = 'any_valid_token'
"#;

/// `/de/admin` is served as `/admin`, and `/` as `/start`.
#[tokio::test]
async fn a_rewritten_request_must_be_allowed_by_both_of_its_paths() {
    let (issuer, authorizer) = issuer_and_authorizer().await;
    let any_token = issuer.token().build();
    let admin = issuer.token().scope("admin").build();
    for (paths, expected) in [
        (RulePaths::Both, [403, 200, 403, 403]),
        (RulePaths::Current, [403, 200, 403, 200]),
        // What was asked for: the application says that nothing rewrites its paths.
        (RulePaths::Original, [200, 200, 403, 403]),
    ] {
        let rules = Rules::from_toml(RULES).unwrap();
        let app = Route::new()
            .at("/admin", reached)
            .at("/start", reached)
            .with(authorizer.rules(rules).rule_paths(paths))
            .before(|mut request: Request| async move {
                if let Some(rest) = request.uri().path().strip_prefix("/de") {
                    *request.uri_mut() = rest.parse().unwrap();
                }
                if request.uri().path() == "/" {
                    *request.uri_mut() = "/start".parse().unwrap();
                }
                Ok(request)
            });
        // Over a socket: only poem's server keeps the target that the client sent.
        let acceptor = TcpListener::bind("127.0.0.1:0")
            .into_acceptor()
            .await
            .unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
        for (token, path, status) in [
            (&any_token, "/de/admin", expected[0]),
            (&admin, "/de/admin", expected[1]),
            (&any_token, "/admin", expected[2]),
            // No rule is about it.
            (&any_token, "/", expected[3]),
        ] {
            let answer = exchange(address, path, token).await;
            assert_eq!(answer, status, "{path}, {paths:?}");
        }
        server.abort();
    }
}
