//! The same application on each server: `/` responds with the client's certificate, `/slow` waits.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use authz_rustls::{
    ClientAuth, ClientCertificate, PeerAddress, TlsConfig, TlsListener, rustls::ServerConfig,
};
use axum::{Extension, Router, extract::ConnectInfo};
use poem::{EndpointExt as _, web::Data};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};
use warp::Filter as _;

use crate::client::Identity;

/// How a test and a slow handler wait for each other.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    pub(crate) entered: Arc<Notify>,
    pub(crate) released: Arc<Notify>,
    pub(crate) shutdown: Arc<Notify>,
}

impl Gate {
    async fn wait(self) -> &'static str {
        self.entered.notify_one();
        self.released.notified().await;
        "done"
    }
}

pub(crate) type Start = fn(TlsListener, Gate) -> JoinHandle<()>;

pub(crate) const SERVERS: [(&str, Start); 3] = [("axum", axum), ("warp", warp), ("poem", poem)];

/// Returns a configuration for the server's certificate.
pub(crate) fn config(server: &Identity) -> TlsConfig {
    let key = server.key.serialize_pem();
    TlsConfig::from_pem(server.certificate.pem().as_bytes(), key.as_bytes()).unwrap()
}

/// Starts a server that accepts any client certificate.
pub(crate) async fn start(start: Start, server: &Identity) -> SocketAddr {
    let config = config(server)
        .client_auth(ClientAuth::Optional)
        .build()
        .unwrap();
    start_with(start, config).await
}

pub(crate) async fn start_with(start: Start, config: Arc<ServerConfig>) -> SocketAddr {
    let listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
    let address = listener.local_addr().unwrap();
    start(listener, Gate::default());
    address
}

fn der(certificate: Option<&ClientCertificate>) -> Vec<u8> {
    certificate
        .and_then(ClientCertificate::der)
        .unwrap_or_default()
        .to_vec()
}

pub(crate) fn axum(listener: TlsListener, gate: Gate) -> JoinHandle<()> {
    let index = async |ConnectInfo(peer): ConnectInfo<SocketAddr>,
                       Extension(same): Extension<PeerAddress>,
                       certificate: Option<Extension<ClientCertificate>>| {
        assert_eq!(same.0, peer);
        let certificate = certificate.map(|Extension(it)| it);
        ([("x-peer", peer.to_string())], der(certificate.as_ref()))
    };
    let slow = gate.clone();
    let app = Router::new()
        .route("/", axum::routing::get(index))
        .route("/slow", axum::routing::get(|| slow.wait()));
    let shutdown = async move { gate.shutdown.notified().await };
    tokio::spawn(async {
        let server = authz_rustls::axum::serve(listener, app);
        server.with_graceful_shutdown(shutdown).await.unwrap();
    })
}

fn warp(listener: TlsListener, gate: Gate) -> JoinHandle<()> {
    let index = warp::path::end()
        .and(warp::ext::get())
        .and(warp::ext::optional())
        .map(
            |PeerAddress(peer), certificate: Option<ClientCertificate>| {
                warp::reply::with_header(der(certificate.as_ref()), "x-peer", peer.to_string())
            },
        );
    let slow = gate.clone();
    let slow = warp::path!("slow").then(move || slow.clone().wait());
    let service = warp::service(index.or(slow));
    tokio::spawn(async move {
        authz_rustls::hyper::serve(listener, service, gate.shutdown.notified()).await;
    })
}

fn poem(listener: TlsListener, gate: Gate) -> JoinHandle<()> {
    #[poem::handler]
    fn index(request: &poem::Request) -> poem::Response {
        assert_eq!(request.scheme(), &http::uri::Scheme::HTTPS);
        assert!(request.local_addr().as_socket_addr().is_some());
        let peer = request.remote_addr().as_socket_addr().unwrap();
        let certificate = request.data::<ClientCertificate>();
        poem::Response::builder()
            .header("x-peer", peer.to_string())
            .body(der(certificate))
    }
    #[poem::handler]
    async fn slow(gate: Data<&Gate>) -> &'static str {
        gate.0.clone().wait().await
    }
    let app = poem::Route::new()
        .at("/", index)
        .at("/slow", slow.data(gate.clone()));
    tokio::spawn(async move {
        authz_rustls::poem::serve(listener, app, gate.shutdown.notified())
            .await
            .unwrap();
    })
}

#[tokio::test]
async fn a_shutdown_waits_for_the_requests_in_progress() {
    use crate::client::{Http, config as client_config, connect};

    let server = Identity::self_signed();
    let client = client_config(server.certificate.der(), None, rustls::ALL_VERSIONS).into();
    for (name, start) in SERVERS {
        for http in [Http::One, Http::Two] {
            let config = config(&server).build().unwrap();
            let listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
            let address = listener.local_addr().unwrap();
            let gate = Gate::default();
            let mut task = start(listener, gate.clone());
            let mut idle = connect(address, &client, http).await.unwrap();
            idle.certificate().await.unwrap();
            let mut connection = connect(address, &client, http).await.unwrap();
            let slow =
                tokio::spawn(
                    async move { connection.get("/slow").await.map(|it| it.status()).ok() },
                );
            gate.entered.notified().await;
            gate.shutdown.notify_one();
            // The listener is closed, and the request still waits.
            while connect(address, &client, http).await.is_ok() {}
            assert!(!slow.is_finished(), "{name}");
            tokio::select! {
                biased;
                _ = &mut task => panic!("{name}: ended with a request in progress"),
                () = std::future::ready(()) => {}
            }
            gate.released.notify_one();
            assert_eq!(slow.await.unwrap().unwrap(), 200, "{name} {http:?}");
            // The idle connection is still open, but it does not keep the server waiting.
            timeout(Duration::from_secs(5), task)
                .await
                .unwrap()
                .unwrap();
            drop(idle);
        }
    }
}
