//! Lets pages of this machine, on other ports, read the discovery document and get tokens.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};

use super::{respond, respond::Reaction, same_host};

/// Returns the origin of the page that sent the request, if it is a page of this machine.
pub(super) fn origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    let host = text
        .strip_prefix("http://")
        .or(text.strip_prefix("https://"))?;
    same_host::is_this_machine(host).then(|| origin.clone())
}

/// Returns the answer to a CORS preflight.
pub(super) fn preflight<B>(request: &Request<B>) -> Option<Reaction> {
    let is_preflight = request.method() == Method::OPTIONS
        && (request.headers()).contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight {
        return None;
    }
    let mut response = respond::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    for (name, value) in PREFLIGHT {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Some(response.into())
}

/// Lets the page at `origin` read the answer.
pub(super) fn allow(origin: HeaderValue, mut answer: Reaction) -> Reaction {
    if let Reaction::Response(response) = &mut answer {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    answer
}

const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        // Swagger UI sends the last one.
        "authorization, content-type, dpop, x-requested-with",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];
