//! The page at the issuer's address, and the requests that it makes.

pub(crate) mod authorize;
mod call;
mod challenge;
mod code;
mod decode;
mod events;
mod lab;
mod page;
mod refusal;
pub(crate) mod settings;
mod snippets;
mod trouble;
mod view;
mod wrong;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::{refusal::Refusal, settings::Dashboard};
use crate::{
    lock::Locked as _,
    registry::{Collection, secret_bytes},
    server::{body::Body, respond, same_host},
    state::State,
};

/// Returns whether the dashboard answers requests for this path.
pub(crate) fn is_at(path: &str) -> bool {
    path == "/" || path.starts_with(PREFIX)
}

pub(crate) async fn answer(
    request: Request<Incoming>,
    state: &Arc<State>,
    dashboard: &Dashboard,
) -> Response<Body> {
    let mut response = respond_to(request, state, dashboard)
        .await
        .unwrap_or_else(Refusal::into_response);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn respond_to(
    request: Request<Incoming>,
    state: &Arc<State>,
    dashboard: &Dashboard,
) -> Result<Response<Body>, Refusal> {
    let (head, body) = request.into_parts();
    if !same_host::is_loopback(&head.headers) {
        return Err(Refusal::forbidden(
            "the Host header does not name this machine: open the page at 127.0.0.1 or localhost",
        ));
    }
    let path = head.uri.path();
    let name = path.strip_prefix(PREFIX).unwrap_or_default();
    if head.method == Method::GET || head.method == Method::HEAD {
        if let Some(file) = name.strip_prefix("page/") {
            return page::file(file).ok_or_else(Refusal::not_found);
        }
        return match (path, name) {
            ("/", _) => Ok(page::index(&dashboard.token)),
            (_, "state") => Ok(ok(&view::state(state, dashboard))),
            (_, "faults") => Ok(ok(&wrong::list())),
            (_, "events") => Ok(events::stream(head.uri.query(), Arc::clone(state))),
            _ => Err(Refusal::not_found()),
        };
    }
    dashboard.check_token(&head.headers)?;
    let body = read(body).await?;
    if let Some(collection) = Collection::ALL.into_iter().find(|it| it.name() == name) {
        let secret = match head.method {
            Method::PUT => {
                let EntryUpdate { previous, entry } = parse(&body)?;
                dashboard
                    .registry
                    .put(collection, previous.as_deref(), entry)?
            }
            Method::DELETE => {
                let Delete { id } = parse(&body)?;
                dashboard.registry.delete(collection, &id)?;
                None
            }
            _ => return Err(Refusal::not_found()),
        };
        publish_keys(state, dashboard);
        return Ok(ok(
            &json!({ "state": view::state(state, dashboard), "secret": secret }),
        ));
    }
    if head.method != Method::POST {
        return Err(Refusal::not_found());
    }
    let answer = match name {
        "token" => lab::issue(&parse(&body)?, state, dashboard)?,
        "decode" => {
            let TokenText { token } = parse(&body)?;
            let decoded = decode::known(&token, state);
            let issued = state.issued.locked();
            json!({
                "decoded": decoded.map_err(|why| Refusal::invalid("token", why))?,
                "is_opaque": issued.claims(&token).is_some(),
                "is_revoked": issued.is_revoked(&token),
            })
        }
        "revoke" => {
            let TokenText { token } = parse(&body)?;
            state.issued.locked().revoke(&token);
            json!({})
        }
        "snippets" => snippets::all(&parse(&body)?, state),
        "code" => code::servers(&parse(&body)?, state, dashboard)?,
        "call" => call::call(parse(&body)?).await?,
        "trouble" => {
            trouble::change(parse(&body)?, state)?;
            json!({ "state": view::state(state, dashboard) })
        }
        _ => return Err(Refusal::not_found()),
    };
    Ok(ok(&answer))
}

/// Publishes a key for the algorithm of every API, before the first token is signed with it.
pub(crate) fn publish_keys(state: &State, dashboard: &Dashboard) {
    for api in dashboard.registry.settings().apis {
        if secret_bytes(api.algorithm).is_none() {
            state.key_or_new(api.algorithm);
        }
    }
}

#[derive(serde::Deserialize)]
struct EntryUpdate {
    previous: Option<String>,
    entry: Value,
}

#[derive(serde::Deserialize)]
struct Delete {
    id: String,
}

#[derive(serde::Deserialize)]
struct TokenText {
    token: String,
}

impl Dashboard {
    /// Rejects a request that the page did not make: only the page knows the token.
    fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match headers.get("authz-token") {
            Some(token) if token.as_bytes() == self.token.as_bytes() => Ok(()),
            _ => Err(Refusal::forbidden(
                "the page is older than this issuer: reload it",
            )),
        }
    }
}

fn ok(value: &Value) -> Response<Body> {
    respond::json(StatusCode::OK, value)
}

async fn read(body: Incoming) -> Result<Vec<u8>, Refusal> {
    match Limited::new(body, LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(_) => Err(Refusal::bad_request(
            "the body cannot be read or is longer than 1 MiB",
        )),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad_request(&error.to_string()))
}

const PREFIX: &str = "/dashboard/";

/// Maximum size of a request body, in bytes.
const LIMIT: usize = 1024 * 1024;

/// The page loads nothing from elsewhere, runs no inline script, and cannot be framed.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
