//! Access-token authorization for axum.
