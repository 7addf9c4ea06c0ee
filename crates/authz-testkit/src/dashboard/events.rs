//! Server-sent events: the counts of the issuer and of the API, once a second.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{trouble, view};
use crate::{
    client,
    server::{body::Body, respond::respond},
    state::State,
};

/// Streams until the page closes the connection.
pub(super) fn stream(query: Option<&str>, state: Arc<State>) -> Response<Body> {
    let port = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "inspector_port")
        .and_then(|(_, port)| port.parse().ok());
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let event = async || Bytes::from(format!("data: {}\n\n", now(&state, port).await));
        while sender.send(event().await).await.is_ok() {
            tokio::time::sleep(INTERVAL).await;
        }
    });
    let mut response = respond(StatusCode::OK, "text/event-stream", Bytes::new());
    *response.body_mut() = Body::Stream(receiver);
    response
}

async fn now(state: &State, inspector_port: Option<u16>) -> Value {
    let counts = state.counts.now();
    let api = match inspector_port {
        Some(port) => client::get_json(&format!("http://127.0.0.1:{port}/"))
            .await
            .ok(),
        None => None,
    };
    let at = SystemTime::now().duration_since(UNIX_EPOCH);
    json!({
        "at": at.map_or(0, |since| since.as_millis() as u64),
        "fault": trouble::current(state),
        "keys": view::keys(state),
        "issuer": {
            "discovery": counts.discovery,
            "jwks": counts.jwks,
            "token": counts.token,
            "other": counts.other,
            "not_modified": counts.not_modified,
        },
        "api": api,
    })
}

const INTERVAL: Duration = Duration::from_secs(1);
