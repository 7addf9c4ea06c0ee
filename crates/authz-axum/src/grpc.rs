//! Rejections in the form of [gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).

use authz_core::{Reason, Rejection};
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE, request::Parts,
};

const MEDIA_TYPE: &str = "application/grpc";

/// Returns `true` if a request with these header fields is a gRPC call.
///
/// The `content-type` of a call is `application/grpc`, with or without a format such as `+proto` and with or
/// without parameters, in any letter case (RFC 9110 section 8.3.1).
///
/// Returns `false` for gRPC-Web (`application/grpc-web`), whose clients understand the HTTP status. If a
/// layer translates gRPC-Web to gRPC, put it outside the guard.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let mut parts = content_type.unwrap_or_default().split(|byte| *byte == b';');
    let media_type = parts.next().unwrap_or_default().trim_ascii();
    media_type
        .split_at_checked(MEDIA_TYPE.len())
        .is_some_and(|(name, format)| {
            name.eq_ignore_ascii_case(MEDIA_TYPE.as_bytes()) && matches!(format, [] | [b'+', ..])
        })
}

/// Returns the trailers-only response to a gRPC call; `None` for other requests and for preflights.
pub(crate) fn trailers_only(rejection: &Rejection, request: &Parts) -> Option<Response<()>> {
    if !is_grpc(&request.headers) || rejection.reason() == Reason::Preflight {
        return None;
    }
    let status = match rejection.status() {
        StatusCode::FORBIDDEN => "7",            // PERMISSION_DENIED
        StatusCode::SERVICE_UNAVAILABLE => "14", // UNAVAILABLE
        _ => "16",                               // UNAUTHENTICATED
    };
    let mut response = Response::new(());
    let headers = response.headers_mut();
    *headers = rejection.headers();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let mut insert = |name, value| headers.insert(HeaderName::from_static(name), value);
    insert("grpc-status", HeaderValue::from_static(status));
    // The message is printable ASCII, so it is always a valid header value.
    if let Ok(message) = HeaderValue::try_from(percent_encode(rejection.reason().description())) {
        insert("grpc-message", message);
    }
    Some(response)
}

/// Encodes a `grpc-message`: every byte except printable ASCII, and the percent sign.
fn percent_encode(text: &str) -> String {
    let encode = |byte| match byte {
        b' '..=b'~' if byte != b'%' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    /// None of the current descriptions needs encoding.
    #[test]
    fn a_message_is_printable_ascii() {
        assert_eq!(percent_encode(" can't: <~>"), " can't: <~>");
        assert_eq!(percent_encode("100 %\r\n\u{7f}é"), "100 %25%0D%0A%7F%C3%A9");
    }
}
