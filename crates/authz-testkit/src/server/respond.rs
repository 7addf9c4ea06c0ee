use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::Value;

use super::body::Body;

/// The reaction to a request.
pub(crate) enum Reaction {
    Response(Box<Response<Body>>),
    Never,
    Close,
    Reset,
}

impl From<Response<Body>> for Reaction {
    fn from(response: Response<Body>) -> Self {
        Self::Response(Box::new(response))
    }
}

pub(crate) const JSON: &str = "application/json";

pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    respond(status, JSON, value.to_string())
}

pub(crate) fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Body::Full(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static(content_type),
    );
    response
}

pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Full(Bytes::new()));
    *response.status_mut() = status;
    response
}
