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

/// A friendly answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hello {
    message: &'static str,
}
