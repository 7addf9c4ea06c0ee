//! A request to a running API, made for the page.

use std::time::Instant;

use http::{Method, Request, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{challenge, refusal::Refusal};
use crate::client::{self, ClientAnswer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    method: String,
    url: String,
    token: Option<String>,
    /// By the key of a token that is bound to it (RFC 9449).
    proof: Option<String>,
    body: Option<String>,
    inspector_port: Option<u16>,
}

pub(super) async fn call(call: Call) -> Result<Value, Refusal> {
    let request = request(&call)?;
    let before = match call.inspector_port {
        Some(port) => Some(decisions(port, None).await),
        None => None,
    };
    let start = Instant::now();
    let answer = client::send(request)
        .await
        .map_err(|why| Refusal::unreachable(&format!("{}: {why}", call.url)))?;
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    let seen = match (call.inspector_port, before) {
        (Some(port), Some(Ok(before))) => Some(decisions(port, before["last"].as_u64()).await),
        (_, before) => before,
    };
    let (decisions, inspector_error) = match seen {
        None => (Value::Null, None),
        Some(Ok(seen)) => (seen["decisions"].clone(), None),
        Some(Err(why)) => (Value::Null, Some(why)),
    };
    let ClientAnswer {
        status,
        headers,
        body,
    } = answer;
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let challenges = headers.get_all(header::WWW_AUTHENTICATE).iter();
    let challenges: Vec<Value> = challenges
        .flat_map(|value| challenge::parse(&text(value)))
        .collect();
    let headers = headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), text(value)]));
    Ok(json!({
        "status": status.as_u16(),
        "reason_phrase": status.canonical_reason().unwrap_or_default(),
        "millis": millis,
        "headers": headers.collect::<Value>(),
        "body": String::from_utf8_lossy(&body),
        "challenges": challenges,
        "decisions": decisions,
        "inspector_error": inspector_error,
    }))
}

fn request(call: &Call) -> Result<Request<String>, Refusal> {
    let url: Uri = call
        .url
        .parse()
        .map_err(|_| Refusal::invalid("url", format!("{:?} is not an address", call.url)))?;
    if !client::is_loopback(&url) {
        return Err(Refusal::invalid(
            "url",
            "the page calls APIs on this machine only: give an address such as \
             http://127.0.0.1:3010/api/private",
        ));
    }
    let method = Method::from_bytes(call.method.as_bytes())
        .map_err(|_| Refusal::invalid("method", format!("{:?} is not a method", call.method)))?;
    let mut request = Request::builder().method(method).uri(url);
    if let Some(token) = call.token.as_deref().filter(|token| !token.is_empty()) {
        let scheme = if call.proof.is_some() {
            "DPoP"
        } else {
            "Bearer"
        };
        request = request.header(header::AUTHORIZATION, format!("{scheme} {token}"));
    }
    if let Some(proof) = &call.proof {
        request = request.header("dpop", proof);
    }
    if call.body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request
        .body(call.body.clone().unwrap_or_default())
        .map_err(|_| Refusal::invalid("token", "the token cannot be sent in a header field"))
}

/// Asks the API's inspector for its decisions after `last`, or for the newest one.
async fn decisions(port: u16, last: Option<u64>) -> Result<Value, String> {
    let after = last.map_or(String::new(), |last| format!("?after={last}"));
    client::get_json(&format!("http://127.0.0.1:{port}/decisions{after}"))
        .await
        .map_err(|why| {
            format!(
                "The API's inspector does not answer on port {port} ({why}). Start an example server \
                 with AUTHZ_INSPECTOR_PORT={port}, or add authz_testkit::Inspector to your API."
            )
        })
}
