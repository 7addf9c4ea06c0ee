//! Access-token authorization for HTTP APIs, independent of any web framework.

mod crypto;

pub use crypto::{Algorithm, KeyFamily, UnknownAlgorithm};
