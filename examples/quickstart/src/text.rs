use authz_core::Authorizer;
use http::StatusCode;
use serde::Serialize;

/// The scope that reading takes.
pub const READ: &str = "read:messages";
/// The scope that writing takes.
pub const WRITE: &str = "write:messages";

/// What the public endpoint says.
pub const PUBLIC: Hello = Hello {
    message: "Hello from a public endpoint! You don't need to be authenticated to see this.",
};
/// What the private endpoint says.
pub const PRIVATE: Hello = Hello {
    message: "Hello from a private endpoint! You need to be authenticated and have a scope of \
              read:messages to see this.",
};

/// A greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hello {
    message: &'static str,
}

/// What `/readyz` answers: requests can be decided about once the issuer's keys are there.
#[must_use]
pub fn readiness(authorizer: &Authorizer) -> (StatusCode, &'static str) {
    match authorizer.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            "waiting for the issuer's keys",
        ),
    }
}
