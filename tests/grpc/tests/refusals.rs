//! What a tonic client sees of requests that are refused, and a tonic service of those that pass.

use std::net::SocketAddr;

use authz_axum::{Authorizer, Issuer, RulesExt as _, rules::Rules, without_body};
use authz_testkit::DevIssuer;
use grpc_tests::{Client, Messages};
use tokio::net::TcpListener;
use tonic::{
    Code,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

const RULES: &str = r#"
    [[rules]]
    path = "/grpc.health.v1.Health/{method}"
    policy = "public"

    [[rules]]
    path = "/messages.v1.Messages/List"
    policy = 'scope("read:messages")'

    [[rules]]
    path = "/messages.v1.Messages/Follow"
    policy = 'scope("read:messages")'

    [[rules]]
    path = "/messages.v1.Messages/Delete"
    policy = 'scope("delete:messages")'
"#;

struct Setup {
    issuer: DevIssuer,
    /// Clients of two servers, which differ in where the layer is: on tonic's router, with the default response, and
    /// around tonic's server, whose body can't be made from a `String`.
    clients: [Client; 2],
}

impl Setup {
    async fn start() -> Self {
        Self::trusting(DevIssuer::start().await).await
    }

    async fn trusting(issuer: DevIssuer) -> Self {
        let trusted = Issuer::new(issuer.issuer())
            .audience("aud")
            .jwks_uri(issuer.jwks_uri());
        let authorizer = Authorizer::new(trusted).unwrap();
        let layer = authorizer.rules(Rules::from_toml(RULES).unwrap());
        let (_, health) = tonic_health::server::health_reporter();
        let routes = Routes::new(health).add_service(Messages);

        let router = routes.clone().into_axum_router().layer(layer.clone());
        let (on_the_router, incoming) = listen().await;
        let server = Server::builder().add_routes(Routes::from(router));
        tokio::spawn(server.serve_with_incoming(incoming));

        let (around_the_server, incoming) = listen().await;
        let mut server = Server::builder().layer(layer.respond_with(without_body));
        let server = server.add_routes(routes);
        tokio::spawn(server.serve_with_incoming(incoming));

        let clients = [
            Client::connect(on_the_router).await,
            Client::connect(around_the_server).await,
        ];
        Self { issuer, clients }
    }

    fn token(&self, scopes: &str) -> String {
        let token = self.issuer.token().audience("aud").subject("ann");
        token.scope(scopes).build()
    }
}

async fn listen() -> (SocketAddr, TcpIncoming) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), TcpIncoming::from(listener))
}

#[tokio::test]
async fn a_call_without_a_token_is_unauthenticated() {
    let setup = Setup::start().await;
    for client in &setup.clients {
        let status = client.unary("List").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(status.message(), "an access token is required");
        let challenge = status.metadata().get("www-authenticate").unwrap();
        assert_eq!(challenge, r#"Bearer realm="aud", scope="read:messages""#);

        let forged = client.with_token("a.b.c").unary("List").await.unwrap_err();
        assert_eq!(forged.code(), Code::Unauthenticated);
        assert_eq!(forged.message(), "the access token is malformed");
    }
}

#[tokio::test]
async fn a_good_token_reaches_the_service_with_its_caller() {
    let setup = Setup::start().await;
    for client in &setup.clients {
        let client = client.with_token(setup.token("read:messages"));
        assert_eq!(client.unary("List").await.unwrap(), "ann");
        let streamed = client.server_streaming("Follow").await.unwrap();
        assert_eq!(streamed.as_deref(), Some("ann"));
    }
}

#[tokio::test]
async fn each_method_has_its_rule_and_health_needs_no_token() {
    let setup = Setup::start().await;
    for client in &setup.clients {
        client.health().await.unwrap();
        let reader = client.with_token(setup.token("read:messages"));
        let status = reader.unary("Delete").await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(
            status.message(),
            "the access token does not grant what this request needs"
        );
        let challenge = status.metadata().get("www-authenticate").unwrap();
        let challenge = challenge.to_str().unwrap();
        assert!(challenge.contains(r#"scope="delete:messages""#));

        // It has no rule.
        let status = reader.unary("Purge").await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        let status = client.unary("Purge").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);

        let deleter = client.with_token(setup.token("delete:messages"));
        assert_eq!(deleter.unary("Delete").await.unwrap(), "ann");
    }
}

#[tokio::test]
async fn streams_are_refused_before_they_begin() {
    let setup = Setup::start().await;
    for client in &setup.clients {
        let status = client.server_streaming("Follow").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        // The client has more to send: the response does not wait for it.
        let status = client.client_streaming("List").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn without_keys_the_service_is_unavailable() {
    let issuer = DevIssuer::start().await;
    // Before the authorizer fetches its keys.
    issuer.go_offline().await;
    let setup = Setup::trusting(issuer).await;
    for client in &setup.clients {
        let client = client.with_token(setup.token("read:messages"));
        let status = client.unary("List").await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(
            status.message(),
            "access tokens can't be checked at the moment"
        );
        let retry_after = status.metadata().get("retry-after").unwrap();
        let seconds: u64 = retry_after.to_str().unwrap().parse().unwrap();
        assert!(seconds >= 1, "{seconds}");
        assert_eq!(status.metadata().get("www-authenticate"), None);
        client.health().await.unwrap();
    }
}
