use http::{Response, StatusCode};
use serde_json::json;

use crate::{
    registry::Invalid,
    server::{body::Body, respond},
};

/// A request that the dashboard cannot carry out.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    field: Option<&'static str>,
    message: String,
}

impl Refusal {
    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            ..Self::bad_request(&message.into())
        }
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "the dashboard has no such address",
        )
    }

    pub(super) fn unreachable(message: &str) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "unreachable", message)
    }

    fn new(status: StatusCode, error: &'static str, message: &str) -> Self {
        Self {
            status,
            error,
            field: None,
            message: message.to_owned(),
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let body = json!({ "error": self.error, "message": self.message, "field": self.field });
        respond::json(self.status, &body)
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        let status = match invalid.code {
            "invalid" => StatusCode::BAD_REQUEST,
            "not_found" => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        };
        Self {
            status,
            error: invalid.code,
            field: invalid.field,
            message: invalid.message,
        }
    }
}
