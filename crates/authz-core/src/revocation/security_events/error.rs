use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};

/// Why an event is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SetError {
    #[error("the body is not a signed JWT")]
    NotAJwt,
    #[error("`typ` is not `secevent+jwt`")]
    Type,
    #[error("the algorithm or an extension is not accepted")]
    Algorithm,
    #[error("the claims are malformed")]
    Claims,
    #[error("`sub` and `exp` are not allowed")]
    ForbiddenClaim,
    #[error("exactly one event is expected")]
    Events,
    #[error("`sub_id` is missing or malformed")]
    Subject,
    #[error("the issuer is not the transmitter of this stream")]
    Issuer,
    #[error("the event is not meant for this receiver")]
    Audience,
    #[error("the key is unknown")]
    Key,
    #[error("the signature does not verify")]
    Signature,
    #[error("the transmitter's keys are unavailable, or the list of revocations is full")]
    Unavailable,
}

impl SetError {
    /// Returns the error code (RFC 8935 section 2.4).
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Issuer => "invalid_issuer",
            Self::Audience => "invalid_audience",
            Self::Key => "invalid_key",
            Self::Signature => "authentication_failed",
            _ => "invalid_request",
        }
    }

    /// Returns the response (RFC 8935 sections 2.3 and 2.4).
    pub(super) fn response(self) -> Response<String> {
        if self == Self::Unavailable {
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(RETRY_AFTER, 5.into());
            return response;
        }
        let err = self.code();
        let mut response = Response::new(format!(r#"{{"err":"{err}","description":"{self}"}}"#));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            http::header::CONTENT_LANGUAGE,
            HeaderValue::from_static("en"),
        );
        response
    }
}
