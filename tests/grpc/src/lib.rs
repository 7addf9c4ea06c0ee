//! A gRPC service as `tonic-build` would generate it, and a client for it: the tests in `tests/` put the layer of
//! authz-axum between the two.

mod client;
mod messages;

pub use self::{client::Client, messages::Messages};
