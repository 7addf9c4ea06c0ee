use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::{
    body::Body,
    respond::{self, JSON, Reaction, respond},
};
use crate::fault::{Fault, bomb::gzip_bomb, key_sets::faulty_set};

/// The answer without the fault.
pub(crate) struct Good<'a> {
    pub(crate) body: Bytes,
    pub(crate) keys: &'a [Value],
}

pub(crate) fn answer(fault: &Fault, good: &Good<'_>, address: &Uri) -> Reaction {
    if let Some(set) = faulty_set(fault, good.keys) {
        return respond::json(StatusCode::OK, &set).into();
    }
    let ok = |body: Bytes| respond(StatusCode::OK, JSON, body);
    let body = good.body.clone();
    match fault {
        Fault::Hang => return Reaction::Never,
        Fault::Reset => return Reaction::Reset,
        Fault::Close => return Reaction::Close,

        Fault::Status(code) => failure(*code),
        Fault::RetryAfter { status, seconds } => {
            with_header(failure(*status), "retry-after", &seconds.to_string())
        }
        Fault::Respond {
            status: code,
            headers,
            body,
        } => headers.iter().fold(
            {
                let mut response = respond::empty(status(*code));
                *response.body_mut() = Body::Full(body.clone().into());
                response
            },
            |response, (name, value)| with_header(response, name, value),
        ),

        Fault::HangInBody => with_body(Body::Stalled),
        Fault::SlowDrip => with_body(Body::drip(body)),
        Fault::Truncated => {
            let half = body.slice(..body.len() / 2);
            let length = body.len().to_string();
            with_header(with_body(Body::Cut(half)), "content-length", &length)
        }
        Fault::InvalidJson => ok(body.slice(..body.len().saturating_sub(1))),
        Fault::NotUtf8 => ok(Bytes::from_static(b"{\"keys\":[{\"kid\":\"\xff\xfe\"}]}")),
        Fault::EmptyBody => ok(Bytes::new()),
        Fault::Html => respond(StatusCode::OK, "text/html; charset=utf-8", HTML),
        Fault::EndlessBody => with_body(Body::Endless(
            Bytes::from_static(b"{\"keys\":["),
            Bytes::from(ENTRY.repeat(256)),
        )),
        Fault::CompressedBomb => {
            let bomb = ok(gzip_bomb(&body, 16 * 1024 * 1024).into());
            with_header(bomb, "content-encoding", "gzip")
        }
        Fault::DeepNesting => ok("[".repeat(100_000).into()),
        Fault::WrongContentType => respond(StatusCode::OK, "text/plain", body),

        Fault::RedirectLoop => redirect(&address.to_string()),
        Fault::RedirectTo(target) => redirect(target),
        Fault::RedirectChain(length) => match hops(address) {
            made if made < *length => redirect(&format!("{}?hop={}", address.path(), made + 1)),
            _ => ok(body),
        },

        // Faults of keys are answered above, and `Fault::next` resolves `Times`.
        _ => ok(body),
    }
    .into()
}

fn failure(code: u16) -> Response<Body> {
    respond::json(status(code), &json!({ "error": "fault_injected" }))
}

fn with_body(body: Body) -> Response<Body> {
    let mut response = respond(StatusCode::OK, JSON, Bytes::new());
    *response.body_mut() = body;
    response
}

fn redirect(target: &str) -> Response<Body> {
    with_header(respond::empty(StatusCode::FOUND), "location", target)
}

fn with_header(mut response: Response<Body>, name: &str, value: &str) -> Response<Body> {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().append(name, value);
    }
    response
}

/// Returns the number of redirects that led to this request.
fn hops(address: &Uri) -> usize {
    address
        .query()
        .and_then(|query| query.strip_prefix("hop="))
        .and_then(|hop| hop.parse().ok())
        .unwrap_or(0)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

const HTML: &str = "<!doctype html>\n<title>Sign in</title>\n<h1>Sign in to the network</h1>\n";
const ENTRY: &str = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\",\"kid\":\"endless\"},\n";
