use authz_core::jwks::KeySet;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::{
    body::Body,
    faulty::{self, Good},
    form,
    respond::{self, JSON, Reaction},
};
use crate::{
    fault::Fault,
    lock::Locked as _,
    state::State,
    token::{TokenBuilder, unix_now},
};

/// The media type of a signed answer (RFC 9701 section 5).
const SIGNED: &str = "application/token-introspection+jwt";

/// Maximum size of a request body, in bytes.
const LIMIT: usize = 64 * 1024;

/// Answers whether a token is active (RFC 7662), in a signed JWT if the client asks for one (RFC 9701).
pub(crate) async fn answer(request: Request<Incoming>, state: &State) -> Reaction {
    let (head, body) = request.into_parts();
    match Limited::new(body, LIMIT).collect().await {
        Ok(body) => now(&head.headers, &head.uri, &body.to_bytes(), state),
        Err(_) => refusal(StatusCode::BAD_REQUEST, "invalid_request").into(),
    }
}

fn now(headers: &HeaderMap, uri: &Uri, body: &Bytes, state: &State) -> Reaction {
    let fault = Fault::next(&mut state.answers.locked().introspection_fault);
    let fields = form::fields(&String::from_utf8_lossy(body));
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let Some(client) = client(headers, &fields, state) else {
        return unauthorized().into();
    };
    let Some(token) = text("token") else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request").into();
    };
    let said = match active(token, state) {
        Some(mut claims) => {
            let is_bound = claims.get("cnf").is_some_and(|cnf| cnf["jkt"].is_string());
            claims.insert("active".to_owned(), json!(true));
            let kind = if is_bound { "DPoP" } else { "Bearer" };
            claims.insert("token_type".to_owned(), json!(kind));
            Value::Object(claims)
        }
        None => json!({ "active": false }),
    };
    let is_signed = headers.get(header::ACCEPT).is_some_and(|it| it == SIGNED);
    let (kind, body) = match is_signed {
        true => (SIGNED, signed(&client, &said, state)),
        false => (JSON, said.to_string()),
    };
    match fault {
        Some(fault) => {
            let body = body.into();
            faulty::answer(&fault, &Good { body, keys: &[] }, uri)
        }
        None => no_store(respond::respond(StatusCode::OK, kind, body)).into(),
    }
}

/// Returns the claims of a token that is valid now.
pub(super) fn active(token: &str, state: &State) -> Option<Map<String, Value>> {
    let issued = state.issued.locked();
    if issued.is_revoked(token) {
        return None;
    }
    let claims = issued.claims(token).or_else(|| verified(token, state))?;
    let exp = claims.get("exp").and_then(Value::as_u64);
    exp.is_none_or(|exp| unix_now() < exp).then_some(claims)
}

/// Returns the claims of a JWT that this issuer has signed.
fn verified(token: &str, state: &State) -> Option<Map<String, Value>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, payload) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let (set, current) = {
        let keys = state.keys.locked();
        (keys.set(), keys.current().public_jwk())
    };
    let current = json!({ "keys": [current] });
    let mut sets = [set, current].into_iter();
    let is_ours = sets.any(|set| {
        let parsed = KeySet::parse(set.to_string().as_bytes());
        parsed.is_ok_and(|parsed| {
            let mut keys = parsed.keys.iter();
            keys.any(|key| {
                let mut algorithms = key.algorithms();
                algorithms.any(|it| key.verify(it, signed.as_bytes(), &signature))
            })
        })
    });
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    is_ours.then(|| serde_json::from_slice(&payload).ok())?
}

fn signed(client: &str, said: &Value, state: &State) -> String {
    let claims = json!({
        "iss": state.identity.issuer, "aud": client, "iat": unix_now(), "token_introspection": said,
    });
    TokenBuilder::new(&state.keys.locked().current())
        .typ(Some("token-introspection+jwt"))
        .raw_payload(claims.to_string())
        .build()
}

/// Returns the client that has authenticated: by a secret, or by an assertion, which is not verified.
fn client(headers: &HeaderMap, fields: &Map<String, Value>, state: &State) -> Option<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let (client, secret) = basic(headers).or_else(|| {
        let secret = text("client_secret").or_else(|| text("client_assertion"))?;
        Some((text("client_id")?.to_owned(), secret.to_owned()))
    })?;
    let fits = match &state.issued.locked().introspecting {
        Some((expected, its_secret)) => *expected == client && *its_secret == secret,
        None => !client.is_empty() && !secret.is_empty(),
    };
    fits.then_some(client)
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (client, secret) = decoded.split_once(':')?;
    Some((form::decode(client), form::decode(secret)))
}

fn unauthorized() -> Response<Body> {
    let mut response = refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    let challenge = HeaderValue::from_static("Basic realm=\"development issuer\"");
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, challenge);
    response
}

pub(super) fn refusal(status: StatusCode, error: &str) -> Response<Body> {
    no_store(respond::json(status, &json!({ "error": error })))
}

pub(super) fn no_store(mut response: Response<Body>) -> Response<Body> {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
