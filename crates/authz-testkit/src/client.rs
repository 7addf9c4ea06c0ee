//! A plain HTTP client for servers on this machine.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

pub(crate) struct ClientAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Returns whether the address is plain HTTP on this machine.
pub(crate) fn is_loopback(url: &Uri) -> bool {
    let is_own = |host: &str| ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    url.scheme_str() == Some("http") && url.host().is_some_and(is_own)
}

/// Sends a request on a new connection. The error is a phrase for a person.
pub(crate) async fn send(request: Request<String>) -> Result<ClientAnswer, String> {
    timeout(TIMEOUT, exchange(request))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())))
}

pub(crate) async fn get_json(url: &str) -> Result<Value, String> {
    let request = Request::get(url).body(String::new());
    let answer = send(request.map_err(|error| error.to_string())?).await?;
    if answer.status != StatusCode::OK {
        return Err(format!("it answered {}", answer.status));
    }
    serde_json::from_slice(&answer.body).map_err(|_| "its answer is not JSON".to_owned())
}

async fn exchange(request: Request<String>) -> Result<ClientAnswer, String> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().ok_or("the address has no host")?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let port = authority.port_u16().unwrap_or(80);
    let host_header = authority.as_str().parse();
    head.headers.insert(
        http::header::HOST,
        host_header.map_err(|_| "the host is not valid in a header field")?,
    );
    // A server takes the path alone (RFC 9112 section 3.2.1).
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    head.uri = target.parse().map_err(|_| "the path is not valid")?;
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|error| format!("nothing answers ({error}); is the API running?"))?;
    let (mut sender, connection) = http1::handshake::<_, String>(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    // Ends with the sender.
    tokio::spawn(connection);
    let response = sender.send_request(Request::from_parts(head, body)).await;
    let (head, body) = response.map_err(|error| error.to_string())?.into_parts();
    let body = Limited::new(body, LIMIT).collect().await;
    let body = body.map_err(|_| "the answer's body ends early or is longer than 1 MiB")?;
    Ok(ClientAnswer {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes(),
    })
}

const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of an answer, in bytes.
const LIMIT: usize = 1024 * 1024;
