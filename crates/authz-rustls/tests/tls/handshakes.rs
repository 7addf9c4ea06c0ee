//! Clients that do not complete their handshake.

use std::time::Duration;

use authz_rustls::TlsListener;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    client::{Http, Identity, config as client_config, connect},
    servers::{Gate, SERVERS, config},
};

#[tokio::test]
async fn silent_clients_do_not_block_others() {
    let server = Identity::self_signed();
    let client = client_config(server.certificate.der(), None, rustls::ALL_VERSIONS).into();
    for (name, start) in SERVERS {
        let config = config(&server).build().unwrap();
        let listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
        let address = listener.local_addr().unwrap();
        start(listener.max_handshakes(3), Gate::default());
        let mut silent = Vec::new();
        for _ in 0..2 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let mut connection = connect(address, &client, Http::One).await.unwrap();
        assert_eq!(connection.certificate().await.unwrap(), [0; 0], "{name}");

        // Beyond the limit, the oldest is given up.
        for _ in 0..10 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let mut connection = connect(address, &client, Http::Two).await.unwrap();
        assert_eq!(connection.certificate().await.unwrap(), [0; 0], "{name}");
        for tcp in &mut silent[..9] {
            assert!(is_closed(tcp).await, "{name}");
        }
    }
}

#[tokio::test]
async fn a_handshake_has_a_time_limit() {
    let server = Identity::self_signed();
    let config = config(&server).build().unwrap();
    let listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
    let address = listener.local_addr().unwrap();
    SERVERS[0].1(
        listener.handshake_timeout(Duration::from_millis(10)),
        Gate::default(),
    );
    let mut tcp = TcpStream::connect(address).await.unwrap();
    assert!(is_closed(&mut tcp).await);
}

#[tokio::test]
async fn what_is_not_tls_ends_the_connection_alone() {
    let server = Identity::self_signed();
    let client = client_config(server.certificate.der(), None, rustls::ALL_VERSIONS).into();
    let config = config(&server).build().unwrap();
    let listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
    let address = listener.local_addr().unwrap();
    SERVERS[0].1(listener, Gate::default());
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert!(is_closed(&mut tcp).await);
    let mut connection = connect(address, &client, Http::One).await.unwrap();
    connection.certificate().await.unwrap();
}

/// Waits until the server closes the connection, perhaps after an alert.
async fn is_closed(tcp: &mut TcpStream) -> bool {
    let end = async { while tcp.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {} };
    timeout(Duration::from_secs(5), end).await.is_ok()
}
