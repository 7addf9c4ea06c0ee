//! SIGINT and SIGTERM: the requests in flight are finished, then the server exits with 0.

use std::{net::TcpStream, time::Instant};

use blackbox::{
    http::{Connection, Request},
    server::{Server, Signal},
};

use crate::stage::{self, Issuer, SOON, Subject};

fn ends(subject: Subject, signal: Signal) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    server.signal(signal).unwrap();
    let exit = server.wait(SOON).unwrap();
    assert_eq!(exit.code(), Some(0), "{exit:?}");
}

pub(crate) fn on_sigterm(subject: Subject) {
    ends(subject, Signal::Terminate);
}

pub(crate) fn on_sigint(subject: Subject) {
    ends(subject, Signal::Interrupt);
}

pub(crate) fn with_a_request_in_flight(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let body = r#"{"text":"late"}"#;
    let token = issuer.token().scope("write:messages").build();
    let request = Request::post("/api/messages")
        .bearer(token)
        .header("Expect", "100-continue")
        .json(body);
    let bytes = request.to_bytes(server.address());
    let (head, body) = bytes.split_at(bytes.len() - body.len());
    let mut connection = Connection::open(server.address()).unwrap();
    connection.send(head).unwrap();
    // RFC 9110 section 10.1.1: it is sent once the handler wants the body. The request is in flight.
    assert_eq!(connection.read_interim().unwrap(), 100);

    server.signal(Signal::Terminate).unwrap();
    wait_until_closed(&server);
    connection.send(body).unwrap();
    let answer = connection.receive(false).unwrap();
    assert_eq!(answer.status(), 201, "{answer:?}");
    let exit = server.wait(SOON).unwrap();
    assert_eq!(exit.code(), Some(0), "{exit:?}");
}

/// A client that keeps its connection open does not keep the server alive.
pub(crate) fn with_an_idle_connection(subject: Subject) {
    let issuer = Issuer::start();
    let server = stage::ready(subject, &issuer);
    let mut idle = Connection::open(server.address()).unwrap();
    idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert_eq!(idle.read_interim().unwrap(), 200);
    let _silent = TcpStream::connect(server.address()).unwrap();

    server.signal(Signal::Terminate).unwrap();
    let exit = server.wait(SOON).unwrap();
    assert_eq!(exit.code(), Some(0), "{exit:?}");
}

/// The server takes no more connections: it has seen the signal.
fn wait_until_closed(server: &Server) {
    let deadline = Instant::now() + SOON;
    while TcpStream::connect(server.address()).is_ok() {
        assert!(Instant::now() < deadline, "it goes on listening");
        std::thread::yield_now();
    }
}
